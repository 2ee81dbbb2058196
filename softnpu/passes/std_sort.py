"""`std::sort` as libstdc++ does it: where elements are equal, it decides who comes first.

mlir-aie sorts buffers by size alone, so equal buffers end up where libstdc++'s introsort
(bits/stl_algo.h, bits/stl_heap.h) leaves them. Up to 16 elements that is the order in which
they came; beyond, it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
Less = Callable[[T, T], bool]

THRESHOLD = 16
"""Runs of this length or less are left to insertion sort."""


def std_sort(items: Iterable[T], less: Less[T]) -> list[T]:
    """The items, sorted by a strict weak order."""
    a = list(items)
    if a:
        _introsort(a, 0, len(a), 2 * (len(a).bit_length() - 1), less)
        _insertion_sort(a, 0, min(THRESHOLD, len(a)), less)
        for index in range(THRESHOLD, len(a)):
            _insert(a, index, less)
    return a


def _introsort(a: list[T], first: int, last: int, depth: int, less: Less[T]) -> None:
    while last - first > THRESHOLD:
        if depth == 0:
            a[first:last] = _heap_sorted(a[first:last], less)
            return
        depth -= 1
        _median_to_first(a, first, first + 1, first + (last - first) // 2, last - 1, less)
        cut = _partition(a, first + 1, last, a[first], less)
        _introsort(a, cut, last, depth, less)
        last = cut


def _median_to_first(a: list[T], to: int, x: int, y: int, z: int, less: Less[T]) -> None:
    if less(a[x], a[y]):
        middle = y if less(a[y], a[z]) else z if less(a[x], a[z]) else x
    else:
        middle = x if less(a[x], a[z]) else z if less(a[y], a[z]) else y
    a[to], a[middle] = a[middle], a[to]


def _partition(a: list[T], first: int, last: int, pivot: T, less: Less[T]) -> int:
    while True:
        while less(a[first], pivot):
            first += 1
        last -= 1
        while less(pivot, a[last]):
            last -= 1
        if not first < last:
            return first
        a[first], a[last] = a[last], a[first]
        first += 1


def _insertion_sort(a: list[T], first: int, last: int, less: Less[T]) -> None:
    for index in range(first + 1, last):
        if less(a[index], a[first]):
            a.insert(first, a.pop(index))
        else:
            _insert(a, index, less)


def _insert(a: list[T], index: int, less: Less[T]) -> None:
    """Move an element down to its place; there is one below that is not larger."""
    value = a[index]
    while less(value, a[index - 1]):
        a[index] = a[index - 1]
        index -= 1
    a[index] = value


def _heap_sorted(a: list[T], less: Less[T]) -> list[T]:
    for parent in range((len(a) - 2) // 2, -1, -1):
        _adjust_heap(a, parent, len(a), a[parent], less)
    for last in range(len(a) - 1, 0, -1):
        value = a[last]
        a[last] = a[0]
        _adjust_heap(a, 0, last, value, less)
    return a


def _adjust_heap(a: list[T], top: int, length: int, value: T, less: Less[T]) -> None:
    hole = child = top
    while child < (length - 1) // 2:
        child = 2 * (child + 1)
        if less(a[child], a[child - 1]):
            child -= 1
        a[hole] = a[child]
        hole = child
    if length % 2 == 0 and child == (length - 2) // 2:
        child = 2 * child + 1
        a[hole] = a[child]
        hole = child
    while hole > top and less(a[(hole - 1) // 2], value):
        a[hole] = a[(hole - 1) // 2]
        hole = (hole - 1) // 2
    a[hole] = value
