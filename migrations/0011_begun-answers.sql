CREATE TABLE `begun_answers` (
	`id` integer PRIMARY KEY NOT NULL,
	`channel_id` text NOT NULL,
	`ref` text NOT NULL,
	`title` text NOT NULL,
	`again` text NOT NULL,
	`at` integer NOT NULL
);
