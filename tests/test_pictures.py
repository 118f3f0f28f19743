"""Pictures from outside: refused in a sentence, or written anew with nothing but the picture."""

import io
import struct
import tracemalloc
import zlib
from contextlib import contextmanager

import pytest
from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo

from portal import pictures
from portal.rules import Refused

MB = 2**20
RED, GREEN = (255, 0, 0), (0, 255, 0)


def saved(image, kind, **options):
    """A picture as a file of a kind."""
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def opened(content):
    """What we wrote, with all that a viewer would find in it."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def moving(kind, sizes, colors=None, **options):
    """A file of so many frames, each of another color."""
    colors = colors or [(n * 40 % 256, n // 7 * 16, 9) for n in range(len(sizes))]
    first, *others = [
        Image.new("RGB", size, color) for size, color in zip(sizes, colors, strict=True)
    ]
    return saved(first, kind, save_all=True, append_images=others, **options)


def gif(side, disposal):
    """A GIF whose screen, and first frame, say that they have this side."""
    file = b"GIF89a" + struct.pack("<HH", side, side) + b"\x80\0\0" + b"\0\0\0\xff\xff\xff"
    file += b"\x21\xf9\x04" + bytes([disposal << 2]) + b"\x0a\0\0\0"
    return file + b"\x2c" + struct.pack("<HHHH", 0, 0, side, side) + b"\0\x02\x02\x4c\x01\0;"


def png(width, height):
    """A PNG that says a size and holds next to nothing of it."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def jpeg(width, height):
    """A JPEG of 8 × 8 pixels that says another size."""
    file = saved(Image.new("RGB", (8, 8)), "JPEG")
    return file.replace(b"\x00\x08\x00\x08\x03", struct.pack(">HH", height, width) + b"\x03")


@contextmanager
def small_in_memory():
    """No more than 4 MB of Python's memory are ever held."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 4 * MB
    finally:
        tracemalloc.stop()


def said(content, name="banner.png"):
    """The sentence that refuses a file."""
    with pytest.raises(Refused) as caught:
        pictures.read(content, name)
    assert caught.value.field == "file"
    return str(caught.value)


# --- Refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        png(10_000, 5_000),
        jpeg(10_000, 5_000),
        gif(7_072, disposal=0),
        gif(65_535, disposal=2),
    ],
    ids="png jpeg gif larger".split(),
)
def test_fifty_megapixels_are_refused_before_any_memory_is_taken(content):
    with small_in_memory():
        before = Image.core.get_stats()["allocated_blocks"]
        assert "At most 4,096 a side and 8 million in all are taken." in said(content)
        assert Image.core.get_stats()["allocated_blocks"] == before


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("size", [(4_097, 1), (1, 4_097), (4_000, 2_001)])
def test_a_side_or_an_area_beyond_the_limit_is_said_with_its_size(size):
    words = said(saved(Image.new("RGB", size), "PNG"))
    assert words.startswith(f"This picture has {size[0]:,} × {size[1]:,} pixels.")


@pytest.mark.parametrize("size", [(4_096, 1_953), (1_953, 4_096)])
def test_the_largest_that_is_taken(size):
    assert pictures.read(saved(Image.new("L", size), "PNG"))[1:3] == size


def test_ten_thousand_frames_are_refused_quickly():
    few = moving("GIF", [(8, 8)] * 101)
    head, body, end = few[:-1], few[few.index(b"\x21\xf9") : -1], few[-1:]
    with small_in_memory():
        for content in (few, head + body * 99 + end):
            assert said(content) == "This picture moves too long. Keep it to 100 small frames."


def test_a_webp_of_too_many_frames_is_refused():
    content = moving("WEBP", [(16, 16)] * 101, lossless=True)
    with small_in_memory():
        assert "Keep it to 100 small frames" in said(content, "moving.webp")


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_a_hundred_frames_are_taken(kind):
    content = moving(kind, [(16, 16)] * 100, lossless=True)
    written = pictures.read(content)
    assert opened(written.content).n_frames == 100


def test_few_frames_that_are_large_together_are_refused():
    first, *others = [Image.new("L", (2_000, 1_100), n) for n in range(10)]
    content = saved(first, "GIF", save_all=True, append_images=others)
    assert "moves too long" in said(content)


def large_later(side, disposal=0):
    """A GIF of 10 × 10 pixels whose second frame says that it is larger."""
    content = moving("GIF", [(10, 10)] * 2, [RED, GREEN])
    at = content.rindex(b"\x2c" + struct.pack("<HHHH", 0, 0, 10, 10))
    control = content.rindex(b"\x21\xf9\x04", 0, at)
    content = content[: control + 3] + bytes([disposal << 2]) + content[control + 4 :]
    return content[: at + 5] + struct.pack("<HH", side, side) + content[at + 9 :]


@pytest.mark.parametrize("disposal", [0, 1, 2, 3])
@pytest.mark.parametrize("side", [3_900, 9_000, 65_535])
def test_a_later_frame_larger_than_its_screen_is_refused(side, disposal):
    with small_in_memory():
        assert len(said(large_later(side, disposal), "late.gif").split()) > 5


def test_more_than_two_megabytes_are_refused():
    content = saved(Image.new("RGB", (9, 9)), "PNG")
    largest = content + b"\0" * (2 * MB - len(content))
    assert pictures.read(largest).width == 9
    assert said(largest + b"\0") == "banner.png has 2.0 MB. At most 2 MB are taken."


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
WHOLE = saved(Image.effect_noise((64, 64), 90), "PNG")


@pytest.mark.parametrize("content", [SVG, SVG.replace(b"svg", b"SVG"), b"\n" * 900 + SVG])
def test_a_drawing_is_told_what_it_is(content):
    assert said(content) == (
        "This is an SVG drawing under the name banner.png. Save it as PNG and send that."
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"<!doctype html><script>alert(1)</script>",
        b"GIF89a",
        b"GIF89a/*\1\0\1\0\0\0*/=1;alert(1)",
        b"%PDF-1.7",
        saved(Image.new("RGB", (9, 9)), "BMP"),
        saved(Image.new("RGB", (9, 9)), "TIFF"),
        saved(Image.new("RGB", (16, 16)), "ICO"),
        WHOLE[:8],
        WHOLE[: len(WHOLE) // 2],
        saved(Image.effect_noise((64, 64), 90), "JPEG")[:900],
        moving("WEBP", [(16, 16)] * 3)[:-40],
        png(100, 100),
    ],
    ids=repr,
)
def test_what_is_no_picture_is_refused_in_words(content):
    words = said(content)
    assert words.startswith("banner.png is not a picture that can be read. Take PNG, JPEG, GIF")


# --- Nothing but the picture survives -----------------------------------------------------------

SCRIPT = b"<script>alert(document.domain)</script>"


def told_of(image):
    """All that a file says beside its pixels."""
    exif = dict(image.getexif())
    quiet = {"transparency", "background", "version", "loop", "duration", "timestamp", "extension"}
    quiet |= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    return exif, image.info.keys() - quiet


def commented():
    """One picture in every kind, each with comments, a profile, a thumbnail of where it was."""
    text = PngInfo()
    text.add_text("Comment", SCRIPT.decode())
    text.add_itxt("XML:com.adobe.xmp", SCRIPT.decode())
    exif = Image.Exif()
    exif[0x010E] = SCRIPT.decode()
    exif[0x8825] = {1: "N", 2: (45.0, 31.0, 0.0)}
    image = Image.new("RGB", (30, 20), RED)
    more = {"exif": exif, "icc_profile": SCRIPT}
    yield saved(image, "PNG", pnginfo=text, **more)
    yield saved(image, "JPEG", comment=SCRIPT, **more)
    yield saved(image, "WEBP", xmp=SCRIPT, **more)
    yield saved(image, "GIF", comment=SCRIPT)
    yield moving("GIF", [(30, 20)] * 2, [RED, GREEN], comment=SCRIPT)
    yield moving("WEBP", [(30, 20)] * 2, [RED, GREEN], xmp=SCRIPT, **more)


@pytest.mark.parametrize("content", list(commented()), ids="png jpg webp gif gifs webps".split())
def test_nothing_that_was_said_beside_the_picture_is_kept(content):
    for file in (content + SCRIPT, content + SVG, content + b"PK\3\4" + SCRIPT):
        written = pictures.read(file)
        assert b"alert" not in written.content
        assert b"Adobe" not in written.content
        exif, info = told_of(opened(written.content))
        assert not exif
        assert info == set()
        assert written[1:3] == (30, 20)


def test_what_is_written_is_read_the_same_again():
    for content in commented():
        once = pictures.read(content)
        again = pictures.read(once.content)
        assert again[:3] == once[:3]


def test_a_photograph_stands_upright_and_says_no_more_where_it_was():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned: its top is at the right
    image = Image.new("RGB", (40, 20), RED)
    image.paste(GREEN, (0, 0, 20, 20))
    for kind in ("JPEG", "PNG", "WEBP"):
        written = pictures.read(saved(image, kind, exif=exif))
        assert written[1:3] == (20, 40)
        upright = opened(written.content).convert("RGB")
        assert upright.getpixel((10, 5))[1] > 240
        assert upright.getpixel((10, 35))[0] > 240
        assert not dict(upright.getexif())


def test_a_photograph_of_a_phone_with_a_second_picture_in_it_is_a_jpeg():
    image, second = Image.new("RGB", (40, 20), RED), Image.new("RGB", (40, 20), GREEN)
    content = saved(image, "MPO", save_all=True, append_images=[second])
    assert Image.open(io.BytesIO(content)).format == "MPO"
    written = pictures.read(content, "IMG_0001.jpg")
    assert (written.kind, opened(written.content).format) == ("jpg", "JPEG")


# --- The picture does ---------------------------------------------------------------------------


def palette(size=(4, 4)):
    """Red, with one green corner that is to be seen through."""
    image = Image.new("P", size)
    image.putpalette([*RED, *GREEN])
    image.putpixel((0, 0), 1)
    return image


@pytest.mark.parametrize(
    "content",
    [
        saved(palette(), "PNG", transparency=1),
        saved(palette(), "PNG", transparency=b"\xff\x00"),
        saved(palette(), "GIF", transparency=1),
        saved(palette().convert("RGB"), "PNG", transparency=GREEN),
        saved(palette().convert("L"), "PNG", transparency=palette().convert("L").getpixel((0, 0))),
        saved(palette().convert("LA"), "PNG"),
    ],
    ids="palette bytes gif rgb gray alpha".split(),
)
def test_what_was_to_be_seen_through_still_is(content):
    before = Image.open(io.BytesIO(content)).convert("RGBA")
    after = opened(pictures.read(content).content).convert("RGBA")
    assert after.getchannel("A").tobytes() == before.getchannel("A").tobytes()
    assert after.getpixel((2, 2)) == before.getpixel((2, 2))


def test_a_print_in_four_colors_becomes_one_of_screens():
    written = pictures.read(saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"))
    image = opened(written.content)
    assert image.mode == "RGB"
    assert image.getpixel((4, 4))[0] > 250 > 5 > image.getpixel((4, 4))[1]


@pytest.mark.parametrize("value", [0, 1_000, 30_000, 65_535])
def test_sixteen_bits_become_eight_of_the_same_gray(value):
    written = pictures.read(saved(Image.new("I;16", (4, 4), value), "PNG"))
    gray = opened(written.content).convert("L").getpixel((1, 1))
    assert gray == pytest.approx(value / 257, abs=1)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_one_pixel_is_a_picture(kind):
    written = pictures.read(saved(Image.new("RGB", (1, 1), RED), kind))
    assert written[:3] == (pictures.KINDS[kind], 1, 1)
    assert opened(written.content).size == (1, 1)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_pixels_are_kept_as_they_are(mode):
    image = Image.effect_noise((40, 30), 90).convert("RGB").convert(mode)
    written = opened(pictures.read(saved(image, "PNG")).content)
    differ = ImageChops.difference(written.convert("RGB"), image.convert("RGB"))
    assert differ.getbbox() is None


def test_a_moving_picture_goes_on_moving_in_its_time():
    times = [30, 70, 500]
    for kind in ("GIF", "WEBP"):
        content = moving(
            kind, [(20, 10)] * 3, [RED, GREEN, (0, 0, 255)], duration=times, lossless=True
        )
        image = opened(pictures.read(content).content)
        shown = []
        for number in range(image.n_frames):
            image.seek(number)
            image.load()
            pixel = image.convert("RGB").getpixel((3, 3))
            shown.append((image.info["duration"], pixel.index(max(pixel))))
        assert shown == list(zip(times, [0, 1, 2], strict=True))
        assert image.info["loop"] == 0


def test_of_a_moving_png_the_first_picture_stays():
    content = moving("PNG", [(20, 10)] * 3)
    image = opened(pictures.read(content).content)
    assert (image.size, getattr(image, "n_frames", 1)) == ((20, 10), 1)
