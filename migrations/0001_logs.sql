CREATE TABLE `rates` (
	`key` text NOT NULL,
	`minute` integer NOT NULL,
	`used` integer NOT NULL,
	PRIMARY KEY(`key`, `minute`)
);
--> statement-breakpoint
CREATE TABLE `saved_searches` (
	`name` text PRIMARY KEY NOT NULL,
	`query` text NOT NULL,
	`saved_by` text NOT NULL,
	`saved_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `signatures` (
	`digest` text PRIMARY KEY NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `signatures_expiry` ON `signatures` (`expires_at`);--> statement-breakpoint
ALTER TABLE `projects` ADD `address_limit` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `projects` ADD `body_limit` integer DEFAULT 524288 NOT NULL;--> statement-breakpoint
ALTER TABLE `projects` ADD `line_limit` integer DEFAULT 1000 NOT NULL;--> statement-breakpoint
ALTER TABLE `projects` ADD `message_limit` integer DEFAULT 65536 NOT NULL;--> statement-breakpoint
ALTER TABLE `projects` ADD `tag_retention` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE `projects` ADD `privacy` text DEFAULT '{}' NOT NULL;