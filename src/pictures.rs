//! Pictures: what is one, and making one anew from its pixels. The only place that decodes any.
//!
//! What is kept of a picture is what one sees: no place, no camera, no earlier picture hidden in it,
//! nothing behind its end. Sizes are looked at before anything is decoded, so that a small file
//! cannot become a large one in memory. Everything here takes long: call it on a thread that may, a
//! few at a time.

use std::io::Cursor;
use std::num::NonZeroU64;

use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::{PngDecoder, PngEncoder};
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError};

use crate::domain::{Measures, Unfit};

/// Longest side of a preview, pixels.
const PREVIEW_SIDE_MAX: u32 = 800;
/// A picture of at most so many bytes and of a preview's size is its own preview.
const PREVIEW_BYTES_MAX: usize = 128 * 1_024;
/// How well pictures without transparency are kept, of 100.
const JPEG_QUALITY: u8 = 90;
const PREVIEW_QUALITY: u8 = 80;
/// Pictures in one that moves.
const FRAMES_MAX: u32 = 1_000;
/// Pixels of all of them together.
const MOVING_PIXELS_MAX: u64 = 100_000_000;
/// Bytes of memory for a pixel while it is decoded: four channels of 16 bits.
const BYTES_PER_PIXEL_MAX: u64 = 8;
/// Bytes of memory for decoding one picture, whatever its pixels are.
const DECODING_BYTES_MAX: u64 = 160 << 20;
/// Side of the picture from which the blurhash is made, pixels.
const BLUR_SIDE: u32 = 32;

/// The kinds of pictures that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Png,
    Jpeg,
    Webp,
    Gif,
}

impl Kind {
    /// By how the bytes begin; names and labels say what somebody wants us to think.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Some(Self::Webp),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            _ => None,
        }
    }

    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
        }
    }
}

/// A picture made anew.
#[derive(Clone, Debug)]
pub struct Picture {
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
    pub measures: Measures,
    /// A smaller one, where that is worth a file: JPEG, or PNG where one sees through it.
    pub preview: Option<Vec<u8>>,
}

/// Makes a picture anew. One that moves goes on moving (GIF); the others become JPEG, or PNG where they
/// were that or one sees through them, and stand upright.
///
/// # Errors
/// [`Unfit::Picture`] when it is broken, has more than `pixels_max` pixels, or moves for too long;
/// [`Unfit::Kind`] for a WebP that moves.
pub fn make_anew(kind: Kind, bytes: &[u8], pixels_max: u64) -> Result<Picture, Unfit> {
    match kind {
        Kind::Gif => {
            let anew = moving(bytes, pixels_max)?;
            let first = decode(GifDecoder::new(Cursor::new(bytes)), pixels_max)?;
            finish("image/gif", anew, &first)
        }
        Kind::Png => still(
            decode(PngDecoder::new(Cursor::new(bytes)), pixels_max)?,
            true,
        ),
        Kind::Jpeg => still(
            decode(JpegDecoder::new(Cursor::new(bytes)), pixels_max)?,
            false,
        ),
        Kind::Webp => {
            let decoder = WebPDecoder::new(Cursor::new(bytes));
            if decoder.as_ref().is_ok_and(WebPDecoder::has_animation) {
                return Err(Unfit::Kind(
                    "a WebP that moves is not taken: send it as a GIF",
                ));
            }
            still(decode(decoder, pixels_max)?, false)
        }
    }
}

/// The pixels, upright.
fn decode<D: ImageDecoder>(
    decoder: Result<D, ImageError>,
    pixels_max: u64,
) -> Result<DynamicImage, Unfit> {
    let mut decoder = decoder.map_err(broken)?;
    let (width, height) = decoder.dimensions();
    check_pixels(width, height, pixels_max)?;
    let mut limits = image::Limits::default();
    let most = pixels_max
        .saturating_mul(BYTES_PER_PIXEL_MAX)
        .min(DECODING_BYTES_MAX);
    limits.max_alloc = Some(most);
    if decoder.total_bytes() > most {
        return Err(Unfit::Picture(
            "the picture takes too much memory: send it smaller".into(),
        ));
    }
    decoder.set_limits(limits).map_err(broken)?;
    // Cameras write down how they were held. What cannot be read of it is as if it were not there.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn check_pixels(width: u32, height: u32, most: u64) -> Result<(), Unfit> {
    if u64::from(width) * u64::from(height) > most {
        let problem = format!("the picture has {width} × {height} pixels, more than {most}");
        return Err(Unfit::Picture(problem));
    }
    Ok(())
}

fn broken(error: ImageError) -> Unfit {
    tracing::debug!(%error, "a picture cannot be read");
    match error {
        ImageError::Limits(_) => {
            Unfit::Picture("the picture takes too much memory: send it smaller".into())
        }
        _ => Unfit::Picture("the picture is broken".into()),
    }
}

fn still(picture: DynamicImage, was_png: bool) -> Result<Picture, Unfit> {
    let as_png = was_png || picture.color().has_alpha();
    let (media_type, bytes) = match as_png {
        true => ("image/png", png(&picture)?),
        false => ("image/jpeg", jpeg(&picture, JPEG_QUALITY)?),
    };
    finish(media_type, bytes, &picture)
}

fn png(picture: &DynamicImage) -> Result<Vec<u8>, Unfit> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new(&mut bytes);
    picture.write_with_encoder(encoder).map_err(broken)?;
    Ok(bytes)
}

fn jpeg(picture: &DynamicImage, quality: u8) -> Result<Vec<u8>, Unfit> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    let written = match picture {
        DynamicImage::ImageLuma8(_) | DynamicImage::ImageRgb8(_) => {
            picture.write_with_encoder(encoder)
        }
        other => other.to_rgb8().write_with_encoder(encoder),
    };
    written.map_err(broken)?;
    Ok(bytes)
}

/// Adds what is shown before the picture, or instead of it.
fn finish(
    media_type: &'static str,
    bytes: Vec<u8>,
    picture: &DynamicImage,
) -> Result<Picture, Unfit> {
    let (width, height) = (picture.width(), picture.height());
    let fits = width.max(height) <= PREVIEW_SIDE_MAX;
    let small = match fits {
        true => None,
        false => Some(picture.thumbnail(PREVIEW_SIDE_MAX, PREVIEW_SIDE_MAX)),
    };
    let small = small.as_ref().unwrap_or(picture);
    let preview = match (
        fits && bytes.len() <= PREVIEW_BYTES_MAX,
        small.color().has_alpha(),
    ) {
        (true, _) => None,
        (false, true) => Some(png(small)?),
        (false, false) => Some(jpeg(small, PREVIEW_QUALITY)?),
    };
    let blurhash = blurhash_of(small);
    Ok(Picture {
        media_type,
        preview,
        measures: Measures {
            width,
            height,
            blurhash,
        },
        bytes,
    })
}

fn blurhash_of(picture: &DynamicImage) -> Option<String> {
    let tiny = picture.thumbnail_exact(BLUR_SIDE, BLUR_SIDE).to_rgba8();
    blurhash::encode(4, 3, BLUR_SIDE, BLUR_SIDE, tiny.as_raw()).ok()
}

/// Writes a GIF anew, picture by picture, with the colours it has.
fn moving(bytes: &[u8], pixels_max: u64) -> Result<Vec<u8>, Unfit> {
    let torn = |_| Unfit::Picture("the picture is broken".into());
    let unwritten = |_| Unfit::Picture("the picture is broken".into());
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::Indexed);
    if let Some(most) = NonZeroU64::new(pixels_max) {
        options.set_memory_limit(gif::MemoryLimit::Bytes(most));
    }
    let mut decoder = options.read_info(bytes).map_err(torn)?;
    let (width, height) = (decoder.width(), decoder.height());
    check_pixels(width.into(), height.into(), pixels_max)?;
    let colours = decoder.global_palette().map(<[u8]>::to_vec);
    let colours = colours.unwrap_or_default();
    let mut anew = Vec::new();
    let mut encoder = gif::Encoder::new(&mut anew, width, height, &colours).map_err(unwritten)?;
    let (mut frames, mut pixels) = (0, 0);
    while let Some(frame) = decoder.read_next_frame().map_err(torn)? {
        frames += 1;
        pixels += u64::from(frame.width) * u64::from(frame.height);
        if frames > FRAMES_MAX || pixels > MOVING_PIXELS_MAX {
            return Err(Unfit::Picture(format!(
                "the picture moves for too long: at most {FRAMES_MAX} frames with {MOVING_PIXELS_MAX} pixels together"
            )));
        }
        // Rows come sorted out of the decoder, whichever way they were sent.
        let frame = gif::Frame {
            interlaced: false,
            ..frame.clone()
        };
        if frames == 1 {
            encoder.set_repeat(decoder.repeat()).map_err(unwritten)?;
        }
        encoder.write_frame(&frame).map_err(unwritten)?;
    }
    if frames == 0 {
        return Err(Unfit::Picture("there is no picture in the GIF".into()));
    }
    drop(encoder);
    Ok(anew)
}

#[cfg(test)]
mod tests;
