CREATE TABLE `alert_escalations` (
	`alert_id` integer NOT NULL,
	`escalation_id` integer NOT NULL,
	`due_at` integer,
	`left` integer NOT NULL,
	`times` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`alert_id`, `escalation_id`),
	FOREIGN KEY (`alert_id`) REFERENCES `alerts`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`escalation_id`) REFERENCES `escalations`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `alert_escalations_due` ON `alert_escalations` (`due_at`) WHERE due_at is not null;--> statement-breakpoint
CREATE TABLE `audience` (
	`alert_id` integer NOT NULL,
	`channel_id` text NOT NULL,
	`mention` text DEFAULT '[]' NOT NULL,
	`since` integer NOT NULL,
	`why` text NOT NULL,
	PRIMARY KEY(`alert_id`, `channel_id`),
	FOREIGN KEY (`alert_id`) REFERENCES `alerts`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`channel_id`) REFERENCES `channels`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `audience_channel` ON `audience` (`channel_id`);--> statement-breakpoint
CREATE TABLE `escalations` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`matcher` text NOT NULL,
	`after` integer NOT NULL,
	`to_whom` text DEFAULT '[]' NOT NULL,
	`repeat` integer DEFAULT 0 NOT NULL,
	`set_by` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `escalations_name_unique` ON `escalations` (`name`);--> statement-breakpoint
CREATE TABLE `overrides` (
	`id` integer PRIMARY KEY NOT NULL,
	`rotation_id` integer NOT NULL,
	`who` text NOT NULL,
	`from_at` integer NOT NULL,
	`until_at` integer NOT NULL,
	`set_by` text NOT NULL,
	FOREIGN KEY (`rotation_id`) REFERENCES `rotations`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `overrides_rotation` ON `overrides` (`rotation_id`,`until_at`);--> statement-breakpoint
CREATE TABLE `people` (
	`name` text PRIMARY KEY NOT NULL,
	`discord` text,
	`slack` text,
	`telegram` text,
	`email` text
);
--> statement-breakpoint
CREATE TABLE `report_runs` (
	`id` integer PRIMARY KEY NOT NULL,
	`report_id` integer NOT NULL,
	`at` integer NOT NULL,
	`from_at` integer NOT NULL,
	`until_at` integer NOT NULL,
	`figures` text NOT NULL,
	FOREIGN KEY (`report_id`) REFERENCES `reports`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `report_runs_report` ON `report_runs` (`report_id`,`id`);--> statement-breakpoint
CREATE TABLE `report_sends` (
	`run_id` integer NOT NULL,
	`channel_id` text NOT NULL,
	`nonce` text NOT NULL,
	`sent_at` integer,
	`attempts` integer DEFAULT 0 NOT NULL,
	`next_attempt_at` integer,
	`error` text,
	`ended_at` integer,
	FOREIGN KEY (`run_id`) REFERENCES `report_runs`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`channel_id`) REFERENCES `channels`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `report_sends_pair` ON `report_sends` (`run_id`,`channel_id`);--> statement-breakpoint
CREATE INDEX `report_sends_open` ON `report_sends` (`next_attempt_at`) WHERE ended_at is null;--> statement-breakpoint
CREATE TABLE `reports` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`every` text NOT NULL,
	`cron` text NOT NULL,
	`time_zone` text NOT NULL,
	`project_id` integer,
	`channels` text DEFAULT '[]' NOT NULL,
	`next_at` integer NOT NULL,
	`set_by` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `reports_name_unique` ON `reports` (`name`);--> statement-breakpoint
CREATE INDEX `reports_next` ON `reports` (`next_at`);--> statement-breakpoint
CREATE TABLE `rotations` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`members` text DEFAULT '[]' NOT NULL,
	`every` text NOT NULL,
	`day` integer NOT NULL,
	`minute` integer NOT NULL,
	`time_zone` text NOT NULL,
	`first_day` integer NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `rotations_name_unique` ON `rotations` (`name`);--> statement-breakpoint
CREATE TABLE `routes` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`position` integer NOT NULL,
	`matcher` text NOT NULL,
	`channels` text DEFAULT '[]' NOT NULL,
	`mention` text DEFAULT '[]' NOT NULL,
	`mention_from` text DEFAULT 'critical' NOT NULL,
	`goes_on` integer DEFAULT false NOT NULL,
	`set_by` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `routes_name_unique` ON `routes` (`name`);--> statement-breakpoint
ALTER TABLE `projects` ADD `ack_timeout` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `alerts` ADD `acknowledged_until` integer;--> statement-breakpoint
ALTER TABLE `alerts` ADD `routed_version` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `alerts` ADD `thread_line` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `channels` ADD `given` text DEFAULT 'settings' NOT NULL;--> statement-breakpoint
ALTER TABLE `channels` ADD `address` text;--> statement-breakpoint
ALTER TABLE `channels` ADD `secret_sealed` blob;--> statement-breakpoint
ALTER TABLE `notifications` ADD `threaded` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
INSERT INTO `audience` (`alert_id`, `channel_id`, `since`, `why`) SELECT `alert_id`, `channel_id`, 0, 'every channel' FROM `notifications`;
