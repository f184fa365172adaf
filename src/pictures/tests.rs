use image::codecs::webp::WebPEncoder;
use image::{Rgb, RgbImage, Rgba, RgbaImage};

use super::*;

const PIXELS: u64 = 1_000_000;

fn photo() -> DynamicImage {
    RgbImage::from_fn(60, 40, |x, y| match (x < 30, y < 20) {
        (true, true) => Rgb([220, 30, 30]),
        (false, true) => Rgb([30, 200, 30]),
        (true, false) => Rgb([30, 30, 220]),
        (false, false) => Rgb([240, 240, 240]),
    })
    .into()
}

/// A JPEG that says it was held sideways, where, and by whom.
fn jpeg_with_exif() -> Vec<u8> {
    let plain = jpeg(&photo(), 95).unwrap();
    let mut tiff = b"II*\0\x08\0\0\0\x02\0".to_vec();
    // Orientation: turn right. Artist: at an offset.
    tiff.extend(*b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0");
    tiff.extend(*b"\x3b\x01\x02\0\x0c\0\0\0\x26\0\0\0");
    tiff.extend(*b"\0\0\0\0ada@acme.ex\0");
    let mut exif = b"Exif\0\0".to_vec();
    exif.extend(tiff);
    let mut bytes = plain[..2].to_vec();
    bytes.extend([0xff, 0xe1]);
    bytes.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
    bytes.extend(exif);
    bytes.extend(&plain[2..]);
    bytes.extend(b"<script>behind the end</script>");
    bytes
}

fn gif(frames: u32, side: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = gif::Encoder::new(&mut bytes, side, side, &[0, 0, 0, 255, 0, 0]).unwrap();
    encoder.set_repeat(gif::Repeat::Infinite).unwrap();
    for at in 0..frames {
        let pixels = vec![u8::from(at % 2 == 0); usize::from(side) * usize::from(side)];
        let mut frame = gif::Frame::from_indexed_pixels(side, side, pixels, None);
        frame.delay = 5;
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    bytes
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn a_photo_stands_upright_and_says_nothing_but_what_one_sees() {
    let sent = jpeg_with_exif();
    assert!(holds(&sent, b"ada@acme.ex") && holds(&sent, b"behind the end"));
    let made = make_anew(Kind::of(&sent).unwrap(), &sent, PIXELS).unwrap();
    assert_eq!(made.media_type, "image/jpeg");
    assert_eq!((made.measures.width, made.measures.height), (40, 60));
    for told in [&b"ada@acme.ex"[..], b"Exif", b"behind the end"] {
        assert!(!holds(&made.bytes, told));
    }
    let upright = image::load_from_memory(&made.bytes).unwrap().to_rgb8();
    // What was below on the left is above on the left now.
    let Rgb([red, _, blue]) = *upright.get_pixel(5, 5);
    assert!(blue > 150 && red < 100, "{red} {blue}");
    assert!(made.measures.blurhash.is_some());
}

#[test]
fn kinds_are_told_by_their_bytes_and_stay_what_they_can_be() {
    let seen_through: DynamicImage = RgbaImage::from_pixel(9, 7, Rgba([1, 2, 3, 40])).into();
    let webp = |picture: &DynamicImage| {
        let mut bytes = Vec::new();
        picture
            .write_with_encoder(WebPEncoder::new_lossless(&mut bytes))
            .unwrap();
        bytes
    };
    for (sent, becomes) in [
        (png(&photo()).unwrap(), "image/png"),
        (png(&seen_through).unwrap(), "image/png"),
        (webp(&photo()), "image/jpeg"),
        (webp(&seen_through), "image/png"),
        (gif(1, 8), "image/gif"),
        (gif(30, 8), "image/gif"),
    ] {
        let made = make_anew(Kind::of(&sent).unwrap(), &sent, PIXELS).unwrap();
        assert_eq!(made.media_type, becomes);
        assert!(made.preview.is_none());
    }
    for other in [
        &b"<svg xmlns=\"http://www.w3.org/2000/svg\">"[..],
        b"%!PS-Adobe-3.0 EPSF",
        b"push graphic-context",
        b"%PDF-1.7",
        b"GIF",
        b"",
    ] {
        assert_eq!(Kind::of(other), None);
    }
}

#[test]
fn what_moves_goes_on_moving() {
    let made = make_anew(Kind::Gif, &gif(30, 8), PIXELS).unwrap();
    let mut decoder = gif::DecodeOptions::new()
        .read_info(&made.bytes[..])
        .unwrap();
    let mut frames = 0;
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        assert_eq!((frame.delay, frame.width), (5, 8));
        frames += 1;
    }
    assert_eq!(frames, 30);
    assert_eq!(decoder.repeat(), gif::Repeat::Infinite);
}

#[test]
fn a_large_picture_has_a_small_one() {
    let large: DynamicImage =
        RgbImage::from_fn(1_000, 500, |x, y| Rgb([x as u8, y as u8, 7])).into();
    let made = make_anew(Kind::Png, &png(&large).unwrap(), PIXELS).unwrap();
    let preview = image::load_from_memory(&made.preview.unwrap()).unwrap();
    assert_eq!((preview.width(), preview.height()), (800, 400));
}

#[test]
fn a52_what_would_grow_in_memory_is_refused_by_its_head() {
    let refused = |kind, bytes: &[u8]| match make_anew(kind, bytes, PIXELS) {
        Err(Unfit::Picture(problem)) => problem,
        other => panic!("{other:?}"),
    };
    // A picture of 9 pixels whose head is made to claim more: it is never asked for its pixels.
    let mut png = png(&RgbImage::new(3, 3).into()).unwrap();
    png[16..20].copy_from_slice(&50_000_u32.to_be_bytes());
    png[20..24].copy_from_slice(&50_000_u32.to_be_bytes());
    let head = crc(&png[12..29]);
    png[29..33].copy_from_slice(&head.to_be_bytes());
    assert!(refused(Kind::Png, &png).contains("50000 × 50000 pixels"));
    assert!(refused(Kind::Gif, &gif(10_000, 2)).contains("moves for too long"));
    assert!(refused(Kind::Gif, &gif(1, 2_000)).contains("pixels"));
    assert!(refused(Kind::Gif, &b"GIF89a"[..]).contains("broken"));
    assert!(refused(Kind::Jpeg, &[0xff, 0xd8, 0xff, 0xe0]).contains("broken"));
}

/// The checksum of PNG's chunks (RFC 2083, appendix 15).
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
