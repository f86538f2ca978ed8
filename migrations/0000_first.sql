CREATE TABLE `absences` (
	`id` integer PRIMARY KEY NOT NULL,
	`from_at` integer NOT NULL,
	`to_at` integer NOT NULL,
	`kind` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `audit` (
	`id` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`platform` text NOT NULL,
	`actor_id` text NOT NULL,
	`actor_name` text NOT NULL,
	`line` text NOT NULL,
	`outcome` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `beats` (
	`id` integer PRIMARY KEY NOT NULL,
	`check_id` integer NOT NULL,
	`kind` text NOT NULL,
	`received_at` integer NOT NULL,
	`method` text NOT NULL,
	`scheme` text NOT NULL,
	`remote_address` text NOT NULL,
	`user_agent` text NOT NULL,
	`exit_status` integer,
	`rid` text,
	`duration` integer,
	`body_bytes` integer NOT NULL,
	`body` blob,
	FOREIGN KEY (`check_id`) REFERENCES `checks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `beats_check` ON `beats` (`check_id`,`id`);--> statement-breakpoint
CREATE TABLE `checks` (
	`id` integer PRIMARY KEY NOT NULL,
	`project_id` integer NOT NULL,
	`uuid` text NOT NULL,
	`name` text NOT NULL,
	`slug` text NOT NULL,
	`every` integer,
	`cron` text,
	`time_zone` text NOT NULL,
	`grace` integer NOT NULL,
	`max_runtime` integer,
	`after` integer DEFAULT 1 NOT NULL,
	`active` text,
	`methods` text DEFAULT '' NOT NULL,
	`start_keywords` text DEFAULT '' NOT NULL,
	`success_keywords` text DEFAULT '' NOT NULL,
	`failure_keywords` text DEFAULT '' NOT NULL,
	`default_fail` integer DEFAULT false NOT NULL,
	`manual_resume` integer DEFAULT false NOT NULL,
	`host` text,
	`depends_on` text,
	`severity` text NOT NULL,
	`owner` text,
	`remind_every` integer,
	`status` text NOT NULL,
	`misses` integer DEFAULT 0 NOT NULL,
	`missed_at` integer,
	`miss_kind` text,
	`last_beat_at` integer,
	`last_start_at` integer,
	`last_start_rid` text,
	`last_duration` integer,
	`late_at` integer,
	`down_at` integer,
	`beats` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `checks_uuid_unique` ON `checks` (`uuid`);--> statement-breakpoint
CREATE INDEX `checks_down_at` ON `checks` (`down_at`) WHERE down_at is not null;--> statement-breakpoint
CREATE INDEX `checks_slug` ON `checks` (`project_id`,`slug`);--> statement-breakpoint
CREATE UNIQUE INDEX `checks_name` ON `checks` (`project_id`,`name`);--> statement-breakpoint
CREATE TABLE `facts` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `keys` (
	`id` text PRIMARY KEY NOT NULL,
	`project_id` integer NOT NULL,
	`role` text NOT NULL,
	`secret_hash` text NOT NULL,
	`secret_sealed` blob,
	`signed` integer DEFAULT false NOT NULL,
	`created_at` integer NOT NULL,
	`revoked_at` integer,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `keys_secret_hash_unique` ON `keys` (`secret_hash`);--> statement-breakpoint
CREATE TABLE `projects` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`ping_key` text NOT NULL,
	`rate_limit` integer DEFAULT 0 NOT NULL,
	`retention` integer,
	`remind_every` integer NOT NULL,
	`address_limit` integer DEFAULT 0 NOT NULL,
	`body_limit` integer DEFAULT 524288 NOT NULL,
	`line_limit` integer DEFAULT 1000 NOT NULL,
	`message_limit` integer DEFAULT 65536 NOT NULL,
	`tag_retention` text DEFAULT '{}' NOT NULL,
	`privacy` text DEFAULT '{}' NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `projects_name_unique` ON `projects` (`name`);--> statement-breakpoint
CREATE UNIQUE INDEX `projects_ping_key_unique` ON `projects` (`ping_key`);--> statement-breakpoint
CREATE TABLE `rates` (
	`key` text NOT NULL,
	`minute` integer NOT NULL,
	`used` integer NOT NULL,
	PRIMARY KEY(`key`, `minute`)
);
--> statement-breakpoint
CREATE TABLE `roles` (
	`platform` text NOT NULL,
	`subject` text NOT NULL,
	`role` text NOT NULL,
	`set_by` text NOT NULL,
	`set_at` integer NOT NULL,
	PRIMARY KEY(`platform`, `subject`)
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
CREATE TABLE `alerts` (
	`id` integer PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`detector` text NOT NULL,
	`project_id` integer,
	`severity` text NOT NULL,
	`title` text NOT NULL,
	`seen` text NOT NULL,
	`owner` text,
	`state` text NOT NULL,
	`count` integer DEFAULT 1 NOT NULL,
	`version` integer DEFAULT 1 NOT NULL,
	`calls` integer DEFAULT 0 NOT NULL,
	`call_reason` text,
	`since` integer NOT NULL,
	`fired_at` integer NOT NULL,
	`seen_at` integer NOT NULL,
	`acknowledged_at` integer,
	`acknowledged_by` text,
	`note` text,
	`snoozed_until` integer,
	`snoozed_by` text,
	`remind_every` integer DEFAULT 0 NOT NULL,
	`wake_at` integer,
	`resolved_at` integer,
	`resolved_by` text,
	`undelivered` integer DEFAULT false NOT NULL,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE set null
);
--> statement-breakpoint
CREATE UNIQUE INDEX `alerts_open` ON `alerts` (`key`) WHERE state <> 'resolved';--> statement-breakpoint
CREATE INDEX `alerts_undelivered` ON `alerts` (`severity`,`id`) WHERE undelivered = 1;--> statement-breakpoint
CREATE INDEX `alerts_wake` ON `alerts` (`wake_at`) WHERE wake_at is not null;--> statement-breakpoint
CREATE INDEX `alerts_key` ON `alerts` (`key`,`id`);--> statement-breakpoint
CREATE TABLE `channels` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`added_at` integer NOT NULL,
	`removed_at` integer
);
--> statement-breakpoint
CREATE TABLE `alert_history` (
	`id` integer PRIMARY KEY NOT NULL,
	`alert_id` integer NOT NULL,
	`at` integer NOT NULL,
	`what` text NOT NULL,
	`by` text,
	`note` text,
	FOREIGN KEY (`alert_id`) REFERENCES `alerts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `history_alert` ON `alert_history` (`alert_id`,`id`);--> statement-breakpoint
CREATE TABLE `notifications` (
	`alert_id` integer NOT NULL,
	`channel_id` text NOT NULL,
	`ref` text,
	`shown_version` integer DEFAULT 0 NOT NULL,
	`called` integer DEFAULT 0 NOT NULL,
	`sending` text,
	`nonce` text,
	`sent_at` integer,
	`attempts` integer DEFAULT 0 NOT NULL,
	`next_attempt_at` integer,
	`error` text,
	`failed_version` integer,
	PRIMARY KEY(`alert_id`, `channel_id`),
	FOREIGN KEY (`alert_id`) REFERENCES `alerts`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`channel_id`) REFERENCES `channels`(`id`) ON UPDATE no action ON DELETE cascade
);
