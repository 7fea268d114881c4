# SPDX-License-Identifier: GPL-2.0-or-later
#
# From the plan, the reports' times (DUE_US END_US STATUS) and pgbench's log of
# transactions, in this order, makes what tools/load/loadplan.h describes. All
# times in the input are of CLOCK_REALTIME, offset_us ahead of the output's.
#
# A transaction's latency in the log is from the moment for which it was
# scheduled, which is the end less that latency. It belongs to the step in which
# it was due, with this exception: to a burst belong those due in burst_steps
# steps' time from when the report was due, whatever step they are in, and no
# others. So each rival is judged by the same transactions.

{ file = ARGIND }

file == 1 {
	is_burst[steps] = $2
	name[steps++] = $3
}

file == 2 {
	if ($3)
		fail("a report failed")
	first = int(($1 - begin_us) / step_us())
	window[first] = $1
	add("report", first, $1, $2 - $1)
	reports++
}

file == 3 {
	if ($3 !~ /^[0-9]+$/)
		fail("a transaction failed: " $0)
	due = $5 * 1000000 + $6 - $3
	if (due < begin_us)
		next
	step = int((due - begin_us) / step_us())
	if (step >= steps)
		past_end = 1
	else
		add("oltp", place(step, due), due, $3)
}

END {
	if (failed)
		exit 1
	if (!past_end)
		fail("pgbench fell behind by more than its time")
	walk_gaps()
	for (step = 0; step < steps; step++)
		print_step(step)
	for (step in window)
		printf "due %d %d000\n", step, window[step] - offset_us
}

function fail(text)
{
	print "load.awk: " text >"/dev/stderr"
	failed = 1
	exit 1
}

function step_us() { return step_ms * 1000 }

# The step that a transaction due in this step counts for
function place(step, due,	first, end)
{
	for (first = step - burst_steps; first <= step; first++) {
		if (!(first in window))
			continue
		end = window[first] + burst_steps * step_us()
		if (due >= window[first] && due < end)
			return step < first + burst_steps ? step : step - 1
		if (due < window[first])
			return step - 1
	}
	return step
}

function add(op, step, due, us)
{
	count[step, op, us]++
	requests[step]++
	all[step, requests[step]] = us
	if (us > longest[step])
		longest[step] = us
	nr++
	# Sorted as text: what begins comes before what ends in the same moment.
	events[2 * nr - 1] = sprintf("%020d a %d", due, step)
	events[2 * nr] = sprintf("%020d b %d", due + us, step)
}

# The longest time in which something waited and nothing was answered
function walk_gaps(	i, n, part, waiting, since)
{
	n = asort(events)
	for (i = 1; i <= n; i++) {
		split(events[i], part, " ")
		if (part[2] == "a") {
			if (!waiting++)
				since = part[1]
			continue
		}
		waiting--
		if (part[1] - since > gap[part[3]])
			gap[part[3]] = part[1] - since
		since = part[1]
	}
}

function quantile(step, q,	i, n, sorted)
{
	n = requests[step]
	if (!n)
		return 0
	for (i = 1; i <= n; i++)
		sorted[i] = all[step, i]
	asort(sorted)
	i = int(q * n)
	return sorted[i < q * n ? i + 1 : i]
}

function print_step(step,	key, part, start)
{
	start = begin_us - offset_us + step * step_us()
	printf "step %d %s %d000 %d 0 %d000 %d000 %d000 %d000 0\n", step,
		name[step], start, requests[step], quantile(step, 0.5),
		quantile(step, 0.99), longest[step], gap[step]
	for (key in count) {
		split(key, part, SUBSEP)
		if (part[1] == step)
			printf "hist %d %s %d000 %d\n", step, part[2],
				part[3], count[key]
	}
}
