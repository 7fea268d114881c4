<?php
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The school's site: /page/NNNN is a course's page, /archive/NN/NNNN signs in the
// pupil of that number and shows what is due in all courses.

$words = explode('/', $_SERVER['REQUEST_URI']);
$number = (int)end($words);
$db = new SQLite3('/srv/site.db', SQLITE3_OPEN_READONLY);

function rows($db, $sql, $number)
{
	$query = $db->prepare($sql);
	$query->bindValue(1, $number);
	$result = $query->execute();
	$rows = [];
	while ($row = $result->fetchArray(SQLITE3_ASSOC))
		$rows[] = $row;
	return $rows;
}

function show_course($db, $number)
{
	foreach (rows($db, 'SELECT title, body FROM page WHERE id = ?', $number) as $row)
		echo '<h1>', htmlspecialchars($row['title']), '</h1><p>',
			nl2br(htmlspecialchars($row['body'])), '</p>';
}

// The catalogue is there before anybody asks whether the password is right, as
// frameworks load what they have cached first.
function sign_in($db, $number)
{
	$courses = unserialize(file_get_contents('/srv/courses'));
	usleep(1000 * (int)get_cfg_var('site.directory_ms'));
	$id = $number % 2000;
	[$pupil] = rows($db, 'SELECT name, year, salt FROM pupil WHERE id = ?', $id);
	$token = hash_pbkdf2('sha256', "secret $number", $pupil['salt'], 1000);
	echo '<h1>', htmlspecialchars($pupil['name']), '</h1><ul>';
	foreach ($courses as $course) {
		if ($course['year'] !== $pupil['year'] || $course['due'] % 40 !== $number % 40)
			continue;
		echo '<li>', htmlspecialchars($course['title']), ', ',
			htmlspecialchars($course['teacher']), '</li>';
	}
	echo "</ul><!-- $token -->";
}

ob_start();
echo '<!DOCTYPE html><html><body>';
if ($words[1] === 'page')
	show_course($db, $number);
else
	sign_in($db, $number);
echo '</body></html>';
header('Content-Length: ' . ob_get_length());
ob_end_flush();
