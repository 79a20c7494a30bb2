"""Lets the tests of this directory import the peer."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
