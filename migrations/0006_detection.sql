CREATE TABLE `counted_batches` (
	`project_id` integer NOT NULL,
	`key` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`project_id`, `key`),
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `counted_batches_at` ON `counted_batches` (`at`);--> statement-breakpoint
CREATE TABLE `fingerprints` (
	`id` integer PRIMARY KEY NOT NULL,
	`project_id` integer NOT NULL,
	`fingerprint` text NOT NULL,
	`source` text NOT NULL,
	`why` text NOT NULL,
	`samples` text NOT NULL,
	`recent` text NOT NULL,
	`count` integer NOT NULL,
	`first_seen_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`state` text DEFAULT 'open' NOT NULL,
	`state_by` text,
	`state_at` integer,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `fingerprints_fingerprint` ON `fingerprints` (`project_id`,`fingerprint`);--> statement-breakpoint
CREATE INDEX `fingerprints_seen` ON `fingerprints` (`last_seen_at`);--> statement-breakpoint
CREATE TABLE `log_counts` (
	`series` integer NOT NULL,
	`at` integer NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`series`, `at`),
	FOREIGN KEY (`series`) REFERENCES `log_series`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `log_series` (
	`id` integer PRIMARY KEY NOT NULL,
	`project_id` integer NOT NULL,
	`source` text NOT NULL,
	`host` text NOT NULL,
	`group` text NOT NULL,
	`level` text NOT NULL,
	`fingerprint` text NOT NULL,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `log_series_kind` ON `log_series` (`project_id`,`source`,`host`,`group`,`level`,`fingerprint`);--> statement-breakpoint
CREATE INDEX `log_series_fingerprint` ON `log_series` (`project_id`,`fingerprint`);--> statement-breakpoint
CREATE TABLE `sources` (
	`id` integer PRIMARY KEY NOT NULL,
	`project_id` integer NOT NULL,
	`name` text NOT NULL,
	`first_seen_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`gaps` text NOT NULL,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sources_name` ON `sources` (`project_id`,`name`);--> statement-breakpoint
CREATE TABLE `rules` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`kind` text NOT NULL,
	`project_id` integer,
	`matcher` text DEFAULT '' NOT NULL,
	`threshold` real,
	`operator` text,
	`metric` text,
	`window` integer,
	`hold` integer DEFAULT 0 NOT NULL,
	`quiet` integer NOT NULL,
	`minimum` integer,
	`baseline` integer DEFAULT false NOT NULL,
	`severity` text NOT NULL,
	`owner` text,
	`remind_every` integer,
	`note` text,
	`paused` integer DEFAULT false NOT NULL,
	`created_at` integer NOT NULL,
	`created_by` text NOT NULL,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `rules_name_unique` ON `rules` (`name`);--> statement-breakpoint
CREATE TABLE `watches` (
	`key` text PRIMARY KEY NOT NULL,
	`rule_id` integer NOT NULL,
	`state` text NOT NULL,
	`since` integer NOT NULL,
	`last_at` integer NOT NULL,
	`ends_at` integer NOT NULL,
	`value` real NOT NULL,
	FOREIGN KEY (`rule_id`) REFERENCES `rules`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `watches_end` ON `watches` (`ends_at`);--> statement-breakpoint
CREATE INDEX `watches_rule` ON `watches` (`rule_id`);