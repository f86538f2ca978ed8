CREATE TABLE `probe_views` (
	`check_id` integer NOT NULL,
	`viewpoint` text NOT NULL,
	`at` integer NOT NULL,
	`ok` integer NOT NULL,
	`message` text NOT NULL,
	`duration_ms` integer,
	`address` text,
	`certificate_ends_at` integer,
	PRIMARY KEY(`check_id`, `viewpoint`),
	FOREIGN KEY (`check_id`) REFERENCES `checks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `satellite_streams` (
	`satellite_id` integer NOT NULL,
	`stream` text NOT NULL,
	`through` integer DEFAULT 0 NOT NULL,
	`state_through` integer DEFAULT 0 NOT NULL,
	`seen_at` integer NOT NULL,
	PRIMARY KEY(`satellite_id`, `stream`),
	FOREIGN KEY (`satellite_id`) REFERENCES `satellites`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `satellites` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`key_hash` text NOT NULL,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`last_seen_at` integer,
	`complete_to` integer,
	`stream` text,
	`address` text,
	`version` text,
	`clock_ahead_ms` integer DEFAULT 0 NOT NULL,
	`waiting_records` integer DEFAULT 0 NOT NULL,
	`waiting_bytes` integer DEFAULT 0 NOT NULL,
	`waiting_since` integer,
	`refused_there` integer DEFAULT 0 NOT NULL,
	`beats` integer DEFAULT 0 NOT NULL,
	`lines` integer DEFAULT 0 NOT NULL,
	`refused` integer DEFAULT 0 NOT NULL,
	`last_refusal` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `satellites_name_unique` ON `satellites` (`name`);--> statement-breakpoint
CREATE UNIQUE INDEX `satellites_key_hash_unique` ON `satellites` (`key_hash`);--> statement-breakpoint
CREATE TABLE `spool` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`received_at` integer NOT NULL,
	`bytes` integer NOT NULL,
	`sealed` blob NOT NULL
);
--> statement-breakpoint
CREATE INDEX `spool_received` ON `spool` (`received_at`);--> statement-breakpoint
CREATE TABLE `spool_replies` (
	`project_id` integer NOT NULL,
	`key` text NOT NULL,
	`received_at` integer NOT NULL,
	`reply` text NOT NULL,
	PRIMARY KEY(`project_id`, `key`)
);
--> statement-breakpoint
CREATE INDEX `spool_replies_received` ON `spool_replies` (`received_at`);--> statement-breakpoint
ALTER TABLE `checks` ADD `satellite_id` integer;--> statement-breakpoint
CREATE INDEX `checks_satellite` ON `checks` (`satellite_id`) WHERE satellite_id is not null;--> statement-breakpoint
ALTER TABLE `sources` ADD `satellite_id` integer;--> statement-breakpoint
ALTER TABLE `probes` ADD `via` text;--> statement-breakpoint
ALTER TABLE `probes` ADD `quorum` integer;