# SPDX-License-Identifier: Apache-2.0
"""da4ml and alkaid, installed from PyPI, as black boxes: a matrix in, an adder graph in our JSON form out.

Only their public Python interface is used: the solver with the settings their own command-line tools
default to, and the public list of operations of its result. A sign that their graph carries along is moved
through the additions for free, so that only negations left at outputs count, as for every tool.
"""

import importlib.metadata
import time

import numpy as np

# Delay constraint of their command-line tools, in their own units.
DEFAULT_HARD_DC = {"da4ml": 2, "alkaid": 5}


def version(peer):
    return importlib.metadata.version(peer)


def solve(peer, matrix, ranges, hard_dc=None):
    """(graph, CPU seconds)"""
    kernel = np.array(matrix, dtype=np.float32)
    options = {
        "hard_dc": DEFAULT_HARD_DC[peer] if hard_dc is None else hard_dc,
        "qintervals": [tuple(float(x) for x in r) for r in ranges],
    }
    if peer == "da4ml":
        from da4ml.cmvm import solve as run
        options.update(adder_size=1, carry_size=-1)
    else:
        from alkaid.cmvm import cmvm_solve as run
    start = time.process_time()
    result = run(kernel, **options)
    seconds = time.process_time() - start
    stages = result.solutions if hasattr(result, "solutions") else result
    return prune(translate(stages, len(matrix)), len(matrix)), seconds


class Builder:
    """A value is (node, exponent, sign) = sign · node · 2^exponent, or None for zero."""

    def __init__(self, inputs):
        self.size = inputs
        self.nodes = []

    def add(self, x, y):
        if x is None or y is None:
            return x if y is None else y
        (a, e_a, s_a), (b, e_b, s_b) = x, y
        low = min(e_a, e_b)
        if s_a < 0 < s_b:  # -a + b
            (a, e_a, s_a), (b, e_b, s_b) = y, x
        self.nodes.append([a, b, e_a - low, e_b - low, s_a * s_b])
        self.size += 1
        return self.size - 1, low, s_a if s_a == s_b else 1


def scaled(value, shift, sign=1):
    return None if value is None else (value[0], value[1] + shift, value[2] * sign)


def fields(op):
    """(opcode, operands, data) of an operation of either tool"""
    if hasattr(op, "addr"):
        return op.opcode, list(op.addr), list(op.data)
    if op.opcode == -1:
        return -1, [], [op.id0]
    return op.opcode, [op.id0] + ([op.id1] if op.id1 >= 0 else []), [op.data]


def translate(stages, inputs):
    builder = Builder(inputs)
    values = [(i, 0, 1) for i in range(inputs)]
    for stage in stages:
        slots = []
        for op in stage.ops:
            opcode, operands, data = fields(op)
            if opcode == -1:
                slots.append(scaled(values[data[0]], stage.inp_shifts[data[0]]))
            elif opcode == -2:
                slots.append(scaled(slots[operands[0]], 0, -1))
            elif opcode in (0, 1):
                second = scaled(slots[operands[1]], data[0], -1 if opcode == 1 else 1)
                slots.append(builder.add(slots[operands[0]], second))
            else:
                raise ValueError(f"operation {op} has no place in an adder graph")
        values = [None if i < 0 else scaled(slots[i], shift, -1 if negate else 1)
                  for i, shift, negate in zip(stage.out_idxs, stage.out_shifts, stage.out_negs)]
    outputs = [[-1, 0, False] if v is None else [v[0], v[1], v[2] < 0] for v in values]
    return {"nodes": builder.nodes, "outputs": outputs}


def prune(graph, inputs):
    """Without nodes that no output needs."""
    needed = {output[0] for output in graph["outputs"]}
    for k in range(len(graph["nodes"]) - 1, -1, -1):
        if inputs + k in needed:
            needed.update(graph["nodes"][k][:2])
    place = {-1: -1, **{i: i for i in range(inputs)}}
    nodes = []
    for k, (a, b, shift_a, shift_b, sign) in enumerate(graph["nodes"]):
        if inputs + k in needed:
            place[inputs + k] = inputs + len(nodes)
            nodes.append([place[a], place[b], shift_a, shift_b, sign])
    outputs = [[place[node], shift, negate] for node, shift, negate in graph["outputs"]]
    return {"nodes": nodes, "outputs": outputs}
