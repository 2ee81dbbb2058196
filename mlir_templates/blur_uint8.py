"""A 3 x 3 blur of images that stream by line by line: a window of three lines slides over them."""

from pipeline import In, Out

from ._blur import blur, pictures

parameters = {"images": 2, "rows": 6, "width": 256}
variants = {"image": {}}


def buffers(p):
    shape = (p.images, p.rows, p.width)
    return {"in": In(shape, "uint8"), "out": Out(shape, "uint8")}


def work(p):
    return {"ops": 2 * 9 * p.images * p.rows * p.width}


def reference(p, images):
    return blur(images)


def vectors(p, rng):
    made = pictures(p.images, p.rows, p.width)
    return {name: {"in": images} for name, images in made.items()}
