"""A second implementation of the device's side, written from protocol/PROTOCOL.md alone."""
