"""The browser workstation: a gateway that browsers talk to, and one session process for each of them."""
