// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The forecasters of all apps as a file. A header, then for each app its path and
 * a forecaster's state for each resource, as predict_demand_save() writes it: for
 * one machine and one version. Where there are none for network, or for I/O either,
 * the file is as it was before there could be.
 *
 * What was read and still waits for its app is written again: a daemon that ends
 * before the module has told of any app would empty the file.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sense/series.h"
#include "sense/statefile.h"

#define MAGIC		0x5353455250525350ULL
#define FORMAT		1u		/* CPU and memory */
#define FORMAT_IO	2u		/* and I/O */
#define FORMAT_NET	3u		/* and network */
#define PATH_BYTES	512		/* apps of longer paths are not kept */
#define BYTES_MAX	(64u << 20)	/* 1,400 apps or more; it is in memory twice */
#define SAMPLES_MIN	60		/* less is soon learned again */

struct header {
	uint64_t checksum;		/* of what follows */
	uint64_t magic;
	uint32_t format, predict;
	double saved;			/* seconds since 1970 */
	uint32_t count, state_bytes;
};

struct series_kept {
	double saved;
	uint32_t count, state_bytes;
	int resources;
	char *records;
	void *file;
};

static int resources_of(uint32_t format)
{
	return PRESWAP_RESOURCE_IO + (int)(format - FORMAT);
}

static uint64_t record_bytes(uint32_t format, uint64_t state_bytes)
{
	return PATH_BYTES + resources_of(format) * state_bytes;
}

/* One without a forecaster for one of these has zeroes there, which are no state. */
static uint32_t format_for(struct series_table *table)
{
	uint32_t format = FORMAT;

	for (size_t i = 0; i < series_count(table); i++) {
		if (series_at(table, i)->demand[PRESWAP_RESOURCE_NET])
			return FORMAT_NET;
		if (series_at(table, i)->demand[PRESWAP_RESOURCE_IO])
			format = FORMAT_IO;
	}
	return format;
}

static bool worth_keeping(const struct series_app *app)
{
	struct predict_demand_forecast f;

	predict_demand_forecast(app->demand[0], &f);
	return f.samples >= SAMPLES_MIN && strlen(app->path) < PATH_BYTES;
}

static const char *kept_record(const struct series_kept *kept, uint32_t i)
{
	return kept->records +
	       i * (PATH_BYTES + kept->resources * (size_t)kept->state_bytes);
}

static bool has_path(struct series_table *table, const char *path)
{
	for (size_t i = 0; i < series_count(table); i++)
		if (!strcmp(series_at(table, i)->path, path))
			return true;
	return false;
}

/* A file while it is made: @header and room for @most records of @bytes. */
struct packing {
	struct header *header;
	char *at;
	uint64_t most, bytes;
};

/* Room for one more record, zeroed; NULL: it is full. */
static char *next_record(struct packing *p, const char *path)
{
	char *record = p->at;

	if (p->header->count == p->most)
		return NULL;
	p->header->count++;
	p->at += p->bytes;
	memset(record, 0, p->bytes);
	strcpy(record, path);
	return record + PATH_BYTES;
}

static void pack_apps(struct packing *p, struct series_table *table)
{
	size_t state = p->header->state_bytes;

	for (size_t i = 0; i < series_count(table); i++) {
		const struct series_app *app = series_at(table, i);
		char *at = worth_keeping(app) ? next_record(p, app->path) :
						NULL;

		for (int k = 0; at && k < resources_of(p->header->format);
		     k++, at += state)
			if (app->demand[k])
				predict_demand_save(app->demand[k], at);
	}
}

static void pack_waiting(struct packing *p, struct series_table *table,
			 const struct series_kept *kept)
{
	for (uint32_t i = 0; i < kept->count; i++) {
		const char *record = kept_record(kept, i);
		char *at = has_path(table, record) ? NULL :
						     next_record(p, record);

		if (at)
			memcpy(at, record + PATH_BYTES,
			       kept->resources * (size_t)kept->state_bytes);
	}
}

int series_pack(struct series_table *table, double now, void **out,
		size_t *size)
{
	const struct series_kept *kept = series_waiting(table);
	uint32_t format = format_for(table);
	size_t state = 0, count = series_count(table);
	struct packing p;

	if (count)
		state = predict_demand_state_bytes(
				series_at(table, 0)->demand[0]);
	else if (kept)
		state = kept->state_bytes;
	if (kept && kept->state_bytes != state)
		kept = NULL;	/* no app can go on with it */
	if (kept && resources_of(format) < kept->resources)
		format = FORMAT + kept->resources - resources_of(FORMAT);
	p.bytes = record_bytes(format, state);
	p.most = (BYTES_MAX - sizeof(*p.header)) / p.bytes;
	if (p.most > count + (kept ? kept->count : 0))
		p.most = count + (kept ? kept->count : 0);
	p.header = malloc(sizeof(*p.header) + p.most * p.bytes);
	if (!p.header)
		return -ENOMEM;
	*p.header = (struct header){
		.magic = MAGIC, .format = format, .predict = PREDICT_STATE,
		.saved = now, .state_bytes = state,
	};
	p.at = (char *)(p.header + 1);
	pack_apps(&p, table);
	if (kept)
		pack_waiting(&p, table, kept);
	*size = (size_t)(p.at - (char *)p.header);
	p.header->checksum = statefile_checksum(&p.header->magic,
				*size - sizeof(p.header->checksum));
	*out = p.header;
	return 0;
}

int series_unpack(void *data, size_t size, struct series_kept **out)
{
	struct series_kept *kept;
	struct header header;
	char *records = (char *)data + sizeof(header);

	if (size < sizeof(header))
		return -EINVAL;
	memcpy(&header, data, sizeof(header));
	if (header.magic != MAGIC ||
	    header.format < FORMAT || header.format > FORMAT_NET ||
	    header.predict != PREDICT_STATE || !isfinite(header.saved) ||
	    header.state_bytes > BYTES_MAX || header.state_bytes % 8 ||
	    size != sizeof(header) + header.count *
		    record_bytes(header.format, header.state_bytes) ||
	    statefile_checksum((char *)data + sizeof(header.checksum),
			   size - sizeof(header.checksum)) != header.checksum)
		return -EINVAL;
	for (size_t i = 0; i < header.count; i++)
		if (!memchr(records + i * record_bytes(header.format,
						       header.state_bytes),
			    0, PATH_BYTES))
			return -EINVAL;
	kept = malloc(sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	*kept = (struct series_kept){
		.saved = header.saved, .count = header.count,
		.state_bytes = header.state_bytes,
		.resources = resources_of(header.format),
		.records = records, .file = data,
	};
	*out = kept;
	return 0;
}

int series_read(const char *path, struct series_kept **out)
{
	void *data;
	size_t size;
	int err = statefile_read(path, &data, &size);

	if (!err) {
		err = series_unpack(data, size, out);
		if (err)
			free(data);
	}
	/* what could not be read is not to be overwritten either */
	if (err && err != -ENOENT)
		statefile_set_aside(path);
	return err;
}

void series_kept_free(struct series_kept *kept)
{
	if (!kept)
		return;
	free(kept->file);
	free(kept);
}

double series_kept_saved(const struct series_kept *kept)
{
	return kept->saved;
}

size_t series_kept_count(const struct series_kept *kept)
{
	return kept->count;
}

bool series_kept_take(const struct series_kept *kept, struct series_app *app)
{
	bool taken = false;

	for (uint32_t i = 0; i < kept->count; i++) {
		const char *at = kept_record(kept, i);

		if (strcmp(at, app->path))
			continue;
		at += PATH_BYTES;
		for (int k = 0; k < kept->resources; k++,
		     at += kept->state_bytes)
			taken |= app->demand[k] &&
				 !predict_demand_load(app->demand[k], at,
						      kept->state_bytes);
		return taken;
	}
	return false;
}
