CREATE TABLE `removed_projects` (
	`log_name` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`removed_at` integer NOT NULL,
	`purged_at` integer
);
--> statement-breakpoint
CREATE TABLE `__new_saved_searches` (
	`project_id` integer DEFAULT 0 NOT NULL,
	`name` text NOT NULL,
	`query` text NOT NULL,
	`saved_by` text NOT NULL,
	`saved_at` integer NOT NULL,
	PRIMARY KEY(`project_id`, `name`)
);
--> statement-breakpoint
INSERT INTO `__new_saved_searches`("project_id", "name", "query", "saved_by", "saved_at") SELECT 0, "name", "query", "saved_by", "saved_at" FROM `saved_searches`;--> statement-breakpoint
DROP TABLE `saved_searches`;--> statement-breakpoint
ALTER TABLE `__new_saved_searches` RENAME TO `saved_searches`;--> statement-breakpoint
ALTER TABLE `audit` ADD `address` text;--> statement-breakpoint
ALTER TABLE `audit` ADD `key_id` text;--> statement-breakpoint
ALTER TABLE `audit` ADD `count` integer;--> statement-breakpoint
ALTER TABLE `audit` ADD `hash` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `projects` ADD `log_name` text DEFAULT '' NOT NULL;--> statement-breakpoint
UPDATE `projects` SET `log_name` = `name`;--> statement-breakpoint
CREATE UNIQUE INDEX `projects_log_name_unique` ON `projects` (`log_name`);