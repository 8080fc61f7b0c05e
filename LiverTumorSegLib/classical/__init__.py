"""Segmentation without a network: vessels for every run, liver and lesions where no network can be had."""
