"""What runs a network: OpenVINO on CPUs, torch on GPUs; importing this package imports neither."""

from LiverTumorSegLib.engines.choice import EngineChoice, choose_engine
from LiverTumorSegLib.engines.network import Network, load_network

__all__ = ["EngineChoice", "Network", "choose_engine", "load_network"]
