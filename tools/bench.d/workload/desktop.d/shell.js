// SPDX-License-Identifier: GPL-2.0-or-later
'use strict';
/*
 * The desktop's own program, always open: node shell.js SOCKET HOME. A list of
 * all documents with their first lines, and a field that narrows it: each line
 * "ID key NUMBER" is a letter typed into the field, answered by "ID" when the
 * panel shows what fits. One user at a time.
 */
const fs = require('fs');
const net = require('net');
const path = require('path');
const { Canvas, GLYPH_HEIGHT, onLines } = require('./render.js');

const LINES = 24;
const TYPED_MAX = 4;

function* documents(folder) {
	for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
		const full = path.join(folder, entry.name);

		if (entry.isDirectory()) {
			yield* documents(full);
			continue;
		}
		const head = Buffer.alloc(2048);
		const fd = fs.openSync(full);

		fs.readSync(fd, head);
		fs.closeSync(fd);
		yield { name: full, text: head.toString('latin1') };
	}
}

class Shell {
	constructor(home) {
		this.canvas = new Canvas(1024, LINES * GLYPH_HEIGHT);
		this.all = [...documents(home)];
		this.fits = this.all;
		this.typed = '';
	}

	key(number) {
		if (this.typed.length === TYPED_MAX) {
			this.typed = '';
			this.fits = this.all;
		}
		this.typed += 'etaoinshrdlu'[number % 12];
		const fits = this.fits.filter(({ text }) => text.includes(this.typed));

		if (fits.length)
			this.fits = fits;
		this.draw();
	}

	draw() {
		this.canvas.fill(0, this.canvas.height, 0xffe0e0e0);
		this.canvas.text(8, 0, this.typed, 0, this.typed.length, 0xff000000);
		for (let line = 1; line < LINES && line <= this.fits.length; line++) {
			const { name, text } = this.fits[line - 1];
			const shown = `${name}: ${text.slice(0, 90)}`;

			this.canvas.text(8, line * GLYPH_HEIGHT, shown, 0,
				shown.length, 0xff404040);
		}
	}
}

const [socket, home] = process.argv.slice(2);
const shell = new Shell(home);

shell.draw();
fs.rmSync(socket, { force: true });
net.createServer((user) => {
	onLines(user, (id, name, number) => {
		shell.key(Number(number));
		user.write(`${id}\n`);
	});
	user.on('error', () => user.destroy());
}).listen(socket);
