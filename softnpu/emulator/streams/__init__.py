"""The stream network: switches, the ports of packets, and the cascade between cores."""
