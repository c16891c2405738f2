"""Makes a portrait of a picture, in a process of its own with bounds on memory and time: a decoder
that goes wrong takes nothing with it, and has no secrets to tell.

`python -m directory.listings.portrait` reads the picture from standard input and writes a JPEG; it
ends with 1 where that is no picture. It imports little, for it starts with every upload.
"""

import io
import sys
from typing import Final

MEMORY: Final = 640 * 1024 * 1024
"""Bytes of address space, the interpreter's own included. A picture of `PHOTO_PIXELS` takes 310 MB
as a PNG, 520 MB as a WebP."""
SECONDS: Final = 10
"""Of computing; a picture of `PHOTO_PIXELS` takes about two."""
SIDE: Final = 320
"""Pixels: the largest portrait is 120 wide on the screen, on fine ones 360; results show 20."""
FORMATS: Final = ("JPEG", "PNG", "WEBP")


def bound_this_process() -> None:
    """No more memory and time than a picture needs, and no file written. (Where the system knows
    such bounds; Windows does not.)"""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def make_portrait(data: bytes) -> bytes:
    """Turned upright, cropped square, `SIDE` pixels, without what the camera noted."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # looked at before, by the header
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        image.draft("RGB", (SIDE * 2, SIDE * 2))  # a large JPEG is decoded smaller
        upright = ImageOps.exif_transpose(image).convert("RGB")
    square = ImageOps.fit(upright, (SIDE, SIDE))
    square.info.clear()
    out = io.BytesIO()
    square.save(out, "JPEG", quality=80)
    return out.getvalue()


if __name__ == "__main__":
    bound_this_process()
    try:
        made = make_portrait(sys.stdin.buffer.read())
    except Exception:  # decoders trip over broken files in ways of their own
        sys.exit(1)
    sys.stdout.buffer.write(made)
