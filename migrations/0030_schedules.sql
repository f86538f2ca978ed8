CREATE TABLE `calendars` (
	`source` text PRIMARY KEY NOT NULL,
	`exceptions` text,
	`read_at` integer,
	`failed_at` integer,
	`error` text,
	`next_read_at` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `checks` ADD `on_calendar` text;--> statement-breakpoint
ALTER TABLE `checks` ADD `except` text;--> statement-breakpoint
ALTER TABLE `checks` ADD `exceptions` text;