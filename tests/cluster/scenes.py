"""Scenes that mostly wait (for a lease to run out, for an engine to come back) are played at the same time, each with relays of its own.

A module keeps them in SCENES = Scenes() and has one test, test(ends, scene), which calls ends(scene). Only those are played that were
asked for."""

import functools
from concurrent.futures import ThreadPoolExecutor

AT_ONCE = 5


class Scenes(dict):
    """{name: function}, in the order of the file."""

    def add(self, function):
        self[function.__name__] = function
        return function

    def for_each(self, items):
        """The function with each value of [(name, value)]."""
        def add(function):
            for name, value in items:
                self["%s, %s" % (function.__name__, name)] = functools.partial(function, value)
            return function
        return add


class Ends:
    def __init__(self, scenes, wanted):
        self.pool = ThreadPoolExecutor(AT_ONCE)
        self.futures = {name: self.pool.submit(scenes[name]) for name in wanted}

    def __call__(self, name):
        return self.futures[name].result()

    def stop(self):
        self.pool.shutdown(cancel_futures=True)
