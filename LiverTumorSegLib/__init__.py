"""LiverTumorSeg: liver, vessels and tumours of an abdominal CT as an editable segmentation with measurements.

Research use only; not a medical device.
"""

__version__ = "0.1.0"
