CREATE TABLE `log_archives` (
	`name` text PRIMARY KEY NOT NULL,
	`partition` text NOT NULL,
	`place` text NOT NULL,
	`key` text NOT NULL,
	`lines` integer NOT NULL,
	`bytes` integer NOT NULL,
	`sha256` text NOT NULL,
	`from` integer NOT NULL,
	`until` integer NOT NULL,
	`last_position` integer NOT NULL,
	`archived_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `log_archives_partition` ON `log_archives` (`partition`);--> statement-breakpoint
CREATE INDEX `log_archives_until` ON `log_archives` (`until`);