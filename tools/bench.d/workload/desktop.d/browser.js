// SPDX-License-Identifier: GPL-2.0-or-later
'use strict';
/*
 * The work of a browser's renderer on a browser's engine (V8): node browser.js
 * PAGES. Opens all pages as restored tabs, each parsed into a tree, styled, laid
 * out, its headings, lists and links indexed, its images decoded; draws the first
 * and prints "ready". Then for each line "ID EVENT NUMBER" on stdin it does what
 * the event asks for, draws the window anew and prints "ID". Ends when stdin does.
 */
const fs = require('fs');
const path = require('path');
const { Canvas, GLYPH_WIDTH, GLYPH_HEIGHT, onLines } = require('./render.js');

const WIDTH = 1024;
const HEIGHT = 768;
const IMAGE_WIDTH = 1024;
const IMAGE_HEIGHT = 768;
const VOID = new Set(['input', 'img']);
const INDEXED = new Set(['h1', 'h2', 'li', 'a']);
const INLINE = new Set(['#text', 'a', 'b', 'i', 'code', 'title']);
const RULES = {
	h1: { size: 3, margin: 24, colour: 0xff000000 },
	h2: { size: 2, margin: 16, colour: 0xff202020 },
	p: { size: 1, margin: 8, colour: 0xff303030 },
	li: { size: 1, margin: 2, indent: 32 },
	a: { colour: 0xffc02020 },
	b: { weight: 2 },
	i: { slant: 1 },
	code: { colour: 0xff206020 },
};

/* What a rule does not set comes from the parent, but for the margin. */
class Style {
	constructor(parent, rule) {
		this.size = rule?.size ?? parent?.size ?? 1;
		this.margin = rule?.margin ?? 0;
		this.indent = rule?.indent ?? parent?.indent ?? 0;
		this.weight = rule?.weight ?? parent?.weight ?? 1;
		this.slant = rule?.slant ?? parent?.slant ?? 0;
		this.colour = rule?.colour ?? parent?.colour ?? 0xff000000;
	}
}

class Element {
	constructor(tag, attributes, parent) {
		this.tag = tag;
		this.attributes = attributes;
		this.parent = parent;
		this.children = [];
		this.style = null;
		this.top = 0;
		this.height = 0;
		this.runs = null;	/* of a block: its text, line by line */
		if (parent)
			parent.children.push(this);
	}
}

class Text extends Element {
	constructor(text, parent) {
		super('#text', null, parent);
		this.text = text;
	}
}

function parseAttributes(source) {
	const attributes = new Map();

	for (const [, name, value] of source.matchAll(/(\w+)="([^"]*)"/g))
		attributes.set(name, value);
	return attributes;
}

function parse(html) {
	const root = new Element('#root', null, null);
	let parent = root;

	for (let at = 0, open; at < html.length; at = html.indexOf('>', open) + 1) {
		open = html.indexOf('<', at);
		if (open < 0)
			break;
		if (open > at)
			new Text(html.slice(at, open), parent);
		if (html[open + 1] === '/') {
			parent = parent.parent;
			continue;
		}
		const inside = html.slice(open + 1, html.indexOf('>', open));
		const space = inside.indexOf(' ');
		const tag = space < 0 ? inside : inside.slice(0, space);
		const element = new Element(tag,
			space < 0 ? null : parseAttributes(inside), parent);

		if (!VOID.has(tag))
			parent = element;
	}
	return root;
}

function decode(data) {
	const image = new Canvas(IMAGE_WIDTH, IMAGE_HEIGHT);
	let pixel = 0;

	for (let i = 0; i < data.length; i += 2) {
		const colour = 0xff000000 | Math.imul(data[i + 1], 0x10307);

		image.pixels.fill(colour, pixel, pixel + data[i]);
		pixel += data[i];
	}
	return image;
}

class Page {
	constructor(folder, name) {
		this.scrolled = 0;
		this.words = new Map();
		this.images = new Map();
		this.blocks = [];
		this.folder = folder;
		this.canvas = new Canvas(WIDTH, HEIGHT);
		this.root = parse(fs.readFileSync(path.join(folder, name), 'latin1'));
		this.style(this.root, null);
		this.layout();
		this.index(this.root);
		this.keys = [...this.words.keys()];
	}

	style(element, inherited) {
		element.style = new Style(inherited, RULES[element.tag]);
		const kind = element.attributes?.get('class');
		if (kind)
			element.style.colour ^= kind.charCodeAt(1) << 3;
		if (element.tag === 'img')
			this.load(element.attributes.get('src'));
		for (const child of element.children)
			this.style(child, element.style);
	}

	load(name) {
		if (!this.images.has(name))
			this.images.set(name,
				decode(fs.readFileSync(path.join(this.folder, name))));
	}

	index(element) {
		if (element.tag === '#text' && INDEXED.has(element.parent.tag)) {
			for (const word of element.text.split(' ')) {
				const places = this.words.get(word);

				if (places)
					places.push(element);
				else
					this.words.set(word, [element]);
			}
		}
		for (const child of element.children)
			this.index(child);
	}

	layout() {
		this.blocks.length = 0;
		this.height = this.place(this.root, 0);
	}

	/* Returns where the next block begins. */
	place(element, top) {
		element.top = top;
		top += element.style.margin;
		if (element.tag === 'img') {
			this.blocks.push(element);
			top += IMAGE_HEIGHT;
		} else if (element.children.some((child) => INLINE.has(child.tag))) {
			this.blocks.push(element);
			element.runs = [];
			top = this.flow(element, element, { x: element.style.indent,
							    y: top }).y;
			top += GLYPH_HEIGHT + element.style.margin;
		} else {
			for (const child of element.children)
				top = this.place(child, top);
		}
		element.height = top - element.top;
		return top;
	}

	/* Lays out one block anew, and moves what follows if its height changed. */
	reflow(at) {
		const block = this.blocks[at];
		const { height } = block;

		block.runs = [];
		block.height = this.flow(block, block, { x: block.style.indent,
			y: block.top + block.style.margin }).y +
			GLYPH_HEIGHT + block.style.margin - block.top;
		const by = block.height - height;

		for (at++; by && at < this.blocks.length; at++) {
			this.blocks[at].top += by;
			for (const run of this.blocks[at].runs ?? [])
				run.y += by;
		}
		this.height += by;
	}

	/* Breaks a block's text into lines; a run is a part of one text in one line. */
	flow(block, element, at) {
		const { text, style } = element;

		for (let from = 0, to; text && from < text.length; from = to) {
			const room = Math.floor((WIDTH - at.x) / (GLYPH_WIDTH * style.weight));

			to = text.length;
			if (to - from > room) {
				to = text.lastIndexOf(' ', from + room) + 1;
				if (to <= from)
					to = at.x > style.indent ? from : from + room + 1;
			}
			if (to > from)
				block.runs.push({ text: element, from, to,
						  x: at.x, y: at.y });
			at.x += (to - from) * GLYPH_WIDTH * style.weight;
			if (to < text.length) {
				at.x = style.indent;
				at.y += GLYPH_HEIGHT * style.size;
			}
		}
		for (const child of element.children)
			this.flow(block, child, at);
		return at;
	}

	/* The first block that reaches below y. */
	blockAt(y) {
		let low = 0;
		let high = this.blocks.length - 1;

		while (low < high) {
			const middle = low + high >> 1;
			const block = this.blocks[middle];

			if (block.top + block.height <= y)
				low = middle + 1;
			else
				high = middle;
		}
		return low;
	}

	draw() {
		const { canvas, scrolled } = this;

		canvas.fill(0, HEIGHT, 0xffffffff);
		for (let i = this.blockAt(scrolled); i < this.blocks.length; i++) {
			const block = this.blocks[i];

			if (block.top >= scrolled + HEIGHT)
				break;
			if (block.tag === 'img')
				canvas.image(block.top - scrolled,
					this.images.get(block.attributes.get('src')));
			for (const { text, from, to, x, y } of block.runs ?? [])
				canvas.text(x, y - scrolled, text.text, from, to,
					text.style.colour);
		}
	}

	scrollTo(y) {
		this.scrolled = Math.max(0, Math.min(Math.floor(y),
			this.height - HEIGHT));
	}
}

class Browser {
	constructor(folder) {
		this.pages = fs.readdirSync(folder).filter((name) => name.endsWith('.html'))
			.sort().map((name) => new Page(folder, name));
		this.page = this.pages[0];
		this.page.draw();
	}

	/* Some of a screen further; at the end, from the top again. */
	scroll(number) {
		const { page } = this;

		page.scrollTo(page.scrolled + HEIGHT + 1 >= page.height ? 0 :
			page.scrolled + 100 + number % 400);
	}

	/* A letter into the paragraph at the top. */
	key(number) {
		const { page } = this;
		const at = page.blockAt(page.scrolled);
		const text = page.blocks[at].children.find((child) => child.tag === '#text');

		if (text) {
			text.text += String.fromCharCode(97 + number % 26);
			page.reflow(at);
		}
	}

	/* Another tab, and there the next place of a word. */
	click(number) {
		this.page = this.pages[number % this.pages.length];
		const { page } = this;
		const places = page.words.get(page.keys[number % page.keys.length]);
		let block = places[number % places.length];

		while (!block.runs && block.parent)
			block = block.parent;
		page.style(block, block.parent.style);
		page.scrollTo(block.top);
	}

	event(name, number) {
		this[name](number);
		this.page.draw();
	}
}

const browser = new Browser(process.argv[2]);
const EVENTS = new Set(['scroll', 'key', 'click']);

onLines(process.stdin, (id, name, number) => {
	if (!EVENTS.has(name))
		throw new Error(`no event ${name}`);
	browser.event(name, Number(number));
	process.stdout.write(`${id}\n`);
});
process.stdout.write('ready\n');
