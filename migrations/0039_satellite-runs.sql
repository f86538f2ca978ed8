CREATE TABLE `check_satellites` (
	`check_id` integer NOT NULL,
	`satellite_id` integer NOT NULL,
	`until` integer NOT NULL,
	PRIMARY KEY(`check_id`, `satellite_id`),
	FOREIGN KEY (`check_id`) REFERENCES `checks`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`satellite_id`) REFERENCES `satellites`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
ALTER TABLE `signatures` ADD `owner` text;--> statement-breakpoint
ALTER TABLE `satellites` ADD `lines_complete_to` integer;--> statement-breakpoint
ALTER TABLE `satellites` ADD `place` text;--> statement-breakpoint
ALTER TABLE `satellites` ADD `rival_address` text;--> statement-breakpoint
ALTER TABLE `satellites` ADD `rival_seen_at` integer;--> statement-breakpoint
ALTER TABLE `satellites` ADD `rival_since` integer;--> statement-breakpoint
ALTER TABLE `spool` ADD `kind` text;--> statement-breakpoint
ALTER TABLE `spool` ADD `run` text;--> statement-breakpoint
CREATE INDEX `spool_kind` ON `spool` (`kind`);--> statement-breakpoint
UPDATE `satellites` SET `lines_complete_to` = `complete_to`;--> statement-breakpoint
UPDATE `satellite_streams` SET `state_through` = max(`through`, `state_through`);
