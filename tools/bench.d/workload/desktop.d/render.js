// SPDX-License-Identifier: GPL-2.0-or-later
'use strict';
/*
 * What browser and shell draw with: a canvas of 32-bit pixels and text on it.
 * A glyph is 8 by 16 pixels; its outline comes from its number, as no font is
 * needed to know what drawing one costs.
 */
const GLYPH_WIDTH = 8;
const GLYPH_HEIGHT = 16;

const glyphs = new Uint8Array(128 * GLYPH_HEIGHT);
for (let i = 0, bits = 1; i < glyphs.length; i++) {
	bits = (Math.imul(bits, 1103515245) + 12345) >>> 0;
	glyphs[i] = bits >>> 16 & bits >>> 24;
}

class Canvas {
	constructor(width, height) {
		this.width = width;
		this.height = height;
		this.pixels = new Uint32Array(width * height);
	}

	fill(top, bottom, colour) {
		this.pixels.fill(colour, top * this.width, bottom * this.width);
	}

	/* What is above the canvas, below it or beyond its right is left out. */
	text(x, y, string, from, to, colour) {
		const { pixels, width, height } = this;

		for (let at = from; at < to && x + GLYPH_WIDTH <= width;
		     at++, x += GLYPH_WIDTH) {
			const glyph = (string.charCodeAt(at) & 127) * GLYPH_HEIGHT;

			const first = Math.max(0, -y);
			const last = Math.min(GLYPH_HEIGHT, height - y);

			for (let row = first; row < last; row++) {
				let bits = glyphs[glyph + row];
				let pixel = (y + row) * width + x;

				for (; bits; bits >>= 1, pixel++) {
					if (bits & 1)
						pixels[pixel] = colour;
				}
			}
		}
	}

	/* Rows of an image, as they are. */
	image(y, image) {
		const first = Math.max(0, -y);
		const last = Math.min(image.height, this.height - y);

		if (first < last)
			this.pixels.set(image.pixels.subarray(first * image.width,
				last * image.width), (y + first) * this.width);
	}
}

/* Calls answer(word...) for each line that comes on a stream. */
function onLines(stream, answer) {
	let rest = '';

	stream.setEncoding('latin1');
	stream.on('data', (data) => {
		const lines = (rest + data).split('\n');

		rest = lines.pop();
		for (const line of lines)
			answer(...line.split(' '));
	});
}

module.exports = { Canvas, GLYPH_WIDTH, GLYPH_HEIGHT, onLines };
