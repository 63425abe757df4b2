"""How pictures are stored: no more pixels than print shows, the right colours, nothing the camera noted."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass

import pikepdf
import pytest
from PIL import Image, ImageChops, ImageCms
from pictures import drawing, kinds, photo, saved, seen, unlike

from guide.model.artifacts import Face, Html, Pdf
from guide.model.rasters import segments

Page = Callable[..., Html]
Typeset = Callable[[Html], Pdf]
CARD = "@page { size: 100mm 100mm; margin: 0 } .face { break-after: page; height: 100mm; overflow: hidden }"


@dataclass
class Stored:
    """A picture in a PDF: its dictionary's entries, the bytes as they are stored, the size of its mask."""

    width: int
    height: int
    filter: str
    space: str
    raw: bytes
    grey: list[int]
    mask: tuple[int, int]


def stored(data: bytes) -> list[Stored]:
    """Return the pictures of a PDF, without their masks, in the order of their numbers."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        found = [o for o in pdf.objects if isinstance(o, pikepdf.Stream) and o.get("/Subtype") == "/Image"]
        masks = {o.SMask.objgen for o in found if "/SMask" in o}
        return [_stored(o) for o in found if o.objgen not in masks]


def _stored(found: pikepdf.Stream) -> Stored:
    mask = found.get("/SMask", {})
    space = found.ColorSpace
    return Stored(
        int(found.Width), int(found.Height), str(found.Filter),
        str(space[0] if isinstance(space, pikepdf.Array) else space), found.read_raw_bytes(),
        pikepdf.PdfImage(found).as_pil_image().convert("L").histogram(),
        (int(mask.get("/Width", 0)), int(mask.get("/Height", 0))),
    )  # fmt: skip


@pytest.fixture
def one(page: Page, typeset: Typeset) -> Callable[..., bytes]:
    """Return a function that prints one picture at a width, on a page or on a card."""

    def made(data: bytes, width: str = "60mm", style: str = "", card: bool = False) -> bytes:
        suffix = "png" if data.startswith(b"\x89PNG") else "jpeg"
        assets = {f"asset/a.{suffix}": data}
        image = f'<img src="asset/a.{suffix}" alt="a" style="width:{width};{style}">'
        if not card:
            return typeset(page(image, assets=assets)).data
        front = Face("a", f'<section class="face" data-at="a">{image}</section>', "a")
        return typeset(page("<!--faces-->", CARD, assets=assets, faces=(front,), sizes=(10.0,))).data

    return made


@pytest.mark.parametrize("card", [False, True])
def test_a_photo_has_the_pixels_that_print_shows(one: Callable[..., bytes], card: bool) -> None:
    """Twelve megapixels at 60 mm become 300 dpi, and 100 kB instead of megabytes."""
    large = photo(4000, 3000)
    data = one(saved(large, "JPEG", quality=92), card=card)
    picture, = stored(data)
    assert abs(picture.width - 60 / 25.4 * 300) <= 2
    assert picture.width / picture.height == pytest.approx(4 / 3, rel=0.01)
    assert picture.filter == "/DCTDecode"
    assert len(data) < 400_000
    assert unlike(seen(data)[0][0], large) < 6


def test_a_photo_near_that_is_not_touched(one: Callable[..., bytes]) -> None:
    """Up to 450 dpi the camera's own data go into the file."""
    whole = saved(photo(1000, 750), "JPEG", quality=92)
    picture, = stored(one(whole, "60mm"))
    assert picture.width == 1000
    assert picture.raw == whole


def test_each_use_has_its_own_size(page: Page, typeset: Typeset) -> None:
    """In one document the largest use decides; a smaller document has fewer pixels."""
    assets = {"asset/a.jpeg": saved(photo(3000, 2000), "JPEG")}
    body = '<img src="asset/a.jpeg" alt="a" style="width:{}">'
    both = typeset(page(body.format("20mm") + body.format("60mm"), assets=assets)).data
    small = typeset(page(body.format("20mm"), assets=assets)).data
    assert [p.width for p in stored(both)] == [709]
    assert [p.width for p in stored(small)] == [237]


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_a_drawing_stays_sharp_and_lossless(one: Callable[..., bytes], mode: str) -> None:
    """Few colours: up to 900 dpi as they are, above that 600 dpi; never JPEG."""
    near, large = (drawing(width, width * 2 // 3).convert(mode) for width in (1200, 4000))
    kept, = stored(one(saved(near, "PNG"), "40mm"))
    assert (kept.width, kept.filter) == (1200, "/FlateDecode")
    data = one(saved(large, "PNG"), "40mm")
    picture, = stored(data)
    assert abs(picture.width - 40 / 25.4 * 600) <= 2
    assert picture.filter == "/FlateDecode"
    # Lines stay black and the ground stays white.
    assert picture.grey[0] + picture.grey[255] > 0.97 * sum(picture.grey)
    assert unlike(seen(data)[0][0], large) < 6


def test_a_photo_with_transparent_parts_is_reduced_with_its_mask(one: Callable[..., bytes]) -> None:
    """Mask and colours have the same size; hidden colours do not shine through at the edge."""
    image = Image.new("RGBA", (1200, 800), (255, 0, 0, 0))
    image.paste(photo(600, 800).convert("RGBA"), (600, 0))
    picture, = stored(data := one(saved(image, "PNG"), "20mm"))
    assert (picture.width, picture.height) == picture.mask
    assert picture.width < 300
    look = Image.new("RGB", image.size, "white")
    look.paste(photo(600, 800), (600, 0))
    assert unlike(seen(data)[0][0], look) < 6


def test_what_a_camera_notes_stays_out(one: Callable[..., bytes]) -> None:
    """Place, owner and comments are in no PDF, whether the photo is passed on or written anew."""
    exif = Image.Exif()
    exif[0x010E] = "secret camp"
    for width in (400, 3000):
        data = one(saved(photo(width, width // 2), "JPEG", exif=exif, comment=b"secret note"))
        raw = stored(data)[0].raw
        assert b"secret" not in raw and b"Exif" not in raw
        assert {marker for marker, _, _ in segments(raw)} & {0xE1, 0xED, 0xFE} == set()


def profile_of(name: str) -> bytes:
    """Return the colour profile of a space with other primaries than sRGB (ICC.1, 2001)."""
    base = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = (base.index(tag) for tag in (b"rXYZ", b"gXYZ"))
    places = [int.from_bytes(base[at + 4 : at + 8], "big") for at in (red, green)]
    first, second = (bytes(base[at + 8 : at + 20]) for at in places)
    base[places[0] + 8 : places[0] + 20], base[places[1] + 8 : places[1] + 20] = second, first
    return bytes(base).replace("sRGB".encode("utf-16-be"), name.encode("utf-16-be")).replace(b"sRGB", name.encode())


def test_another_colour_space_is_turned_into_srgb(one: Callable[..., bytes]) -> None:
    """A space whose red is green and whose green is red is printed with red and green exchanged."""
    red, green, blue = photo().split()
    turned = Image.merge("RGB", (green, red, blue))
    for kind in ("JPEG", "PNG"):
        data = one(saved(turned, kind, icc_profile=profile_of("Swap"), **({"quality": 95} if kind == "JPEG" else {})))
        assert unlike(seen(data)[0][0], photo()) < 12, kind
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    whole = saved(photo(), "JPEG", icc_profile=plain)
    picture, = stored(one(whole))
    assert picture.raw in saved(photo(), "JPEG") + whole  # passed on, without the profile


def test_cmyk_without_adobes_mark_is_not_inverted(one: Callable[..., bytes]) -> None:
    """Adobe stores CMYK inverted and says so; a file that does not say so is not inverted."""
    image = photo().convert("CMYK")
    turned = saved(ImageChops.invert(image), "JPEG", quality=95)
    cut = [turned[s:e] for m, s, e in segments(turned) if m != 0xEE]
    data = one(turned[:2] + b"".join(cut))
    assert unlike(seen(data)[0][0], image.convert("RGB")) < 9
    assert stored(data)[0].space == "/DeviceRGB"


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_large_photo_is_reduced_upright(one: Callable[..., bytes], turn: int) -> None:
    """The orientation is undone in the pixels, and the printed width is that of the upright photo."""
    exif = Image.Exif()
    exif[0x0112] = turn
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    upright = photo(1800, 1200)
    lying = upright.transpose(Image.Transpose(back[turn])) if turn > 1 else upright
    picture = stored(data := one(saved(lying, "JPEG", exif=exif, quality=92), "50mm"))[0]
    assert abs(picture.width - 50 / 25.4 * 300) <= 2
    assert picture.width > picture.height
    assert unlike(seen(data)[0][0], upright) < 6


def test_css_may_turn_a_picture(one: Callable[..., bytes]) -> None:
    """`image-orientation` of a template is honoured, after the same rules."""
    data = one(saved(photo(), "PNG"), "20mm", "image-orientation: 90deg")
    assert stored(data)[0].height > stored(data)[0].width
    whole = kinds()["turn-6.jpg"][0]
    assert stored(one(whole, "20mm", "image-orientation: none"))[0].height > 64


def test_the_same_picture_gives_the_same_bytes(one: Callable[..., bytes]) -> None:
    """Nothing but the picture and its size decides, in whatever order pictures come."""
    from guide.engine import rasters

    large = saved(photo(2000, 1500), "JPEG")
    first = one(large, "50mm")
    one(saved(drawing(), "PNG"))
    one(large, "30mm")
    assert one(large, "50mm") == first
    rasters._encoded.cache_clear()
    assert one(large, "50mm") == first


def test_a_coarse_picture_is_told_at_its_upright_size(page: Page) -> None:
    """100 columns at 60 mm are 42 dpi, also of a photo that lies on its side."""
    from guide.pdf.typeset import typeset as flowing

    exif = Image.Exif()
    exif[0x0112] = 6
    lying = saved(photo(150, 100), "JPEG", exif=exif)
    made = flowing(page('<img src="asset/a.jpeg" alt="a" style="width:60mm">', assets={"asset/a.jpeg": lying}))
    told = [f.message for f in made.faults if f.code == "low-resolution"]
    assert told == ["a picture prints at 42 dpi; 150 are the least for print"]




def test_half_a_picture_in_a_stylesheet_is_told(page: Page, typeset: Typeset) -> None:
    """A data: URI that was cut when it was pasted is no crash and no grey box."""
    whole = base64.b64encode(kinds()["rgb.png"][0])
    for data, codes in ((whole, []), (whole[: len(whole) // 8 * 4], ["missing-image"])):
        css = f'p {{ background: url("data:image/png;base64,{data.decode()}") }}'
        assert [f.code for f in typeset(page("<p>Text</p>", css)).faults if f.code != "unreadable-text"] == codes
