// SPDX-License-Identifier: GPL-2.0-or-later
'use strict';
/*
 * The work of a browser's renderer on a browser's engine (V8): node browser.js
 * PAGES. Opens all pages as restored tabs, each parsed into a tree, styled, laid
 * out, indexed for a search and drawn once, with its images decoded; prints
 * "ready". Then for each line "ID EVENT NUMBER" on stdin it does what the event
 * asks for, draws the window anew and prints "ID". Ends when stdin does.
 */
const fs = require('fs');
const path = require('path');
const { Canvas, GLYPH_WIDTH, GLYPH_HEIGHT, onLines } = require('./render.js');

const WIDTH = 1024;
const HEIGHT = 768;
const IMAGE_WIDTH = 1024;
const IMAGE_HEIGHT = 768;
const VOID = new Set(['input', 'img']);
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
		this.style(this.root, { size: 1, margin: 0, colour: 0xff000000,
					indent: 0, weight: 1, slant: 0 });
		this.layout();
		this.index(this.root);
		this.draw();
	}

	style(element, inherited) {
		element.style = { ...inherited, margin: 0, ...RULES[element.tag] };
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
		if (element.tag === '#text') {
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
	}

	/* Some of a screen further; at the end, from the top again. */
	scroll(number) {
		const { page } = this;

		page.scrollTo(page.scrolled + HEIGHT + 1 >= page.height ? 0 :
			page.scrolled + 100 + number % 400);
	}

	/* A letter into the paragraph at the top: all that follows may move. */
	key(number) {
		const { page } = this;
		const block = page.blocks[page.blockAt(page.scrolled)];
		const text = block.children.find((child) => child.tag === '#text');

		if (text)
			text.text += String.fromCharCode(97 + number % 26);
		page.layout();
	}

	/* Another tab, and there the next place of a word. */
	click(number) {
		this.page = this.pages[number % this.pages.length];
		const { page } = this;
		const keys = [...page.words.keys()];
		const places = page.words.get(keys[number % keys.length]);
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
