CREATE TABLE `connectivity_states` (
	`id` integer PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`from_at` integer NOT NULL,
	`to_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `connectivity_states_to` ON `connectivity_states` (`to_at`);--> statement-breakpoint
CREATE TABLE `hold_settings` (
	`project_id` integer NOT NULL,
	`name` text NOT NULL,
	`value` integer NOT NULL,
	PRIMARY KEY(`project_id`, `name`)
);
--> statement-breakpoint
CREATE TABLE `maintenances` (
	`id` integer PRIMARY KEY NOT NULL,
	`project_id` integer,
	`name` text NOT NULL,
	`matcher` text NOT NULL,
	`cron` text,
	`time_zone` text NOT NULL,
	`duration` integer NOT NULL,
	`by` text NOT NULL,
	`created_at` integer NOT NULL,
	`starts_at` integer NOT NULL,
	`ends_at` integer NOT NULL,
	`begun` integer DEFAULT false NOT NULL,
	`over` integer DEFAULT false NOT NULL,
	`held` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `maintenances_name` ON `maintenances` (`name`);--> statement-breakpoint
CREATE TABLE `quiet_hours` (
	`project_id` integer PRIMARY KEY NOT NULL,
	`hours` text,
	`time_zone` text NOT NULL,
	`by` text NOT NULL,
	`set_at` integer NOT NULL,
	`quiet_since` integer
);
--> statement-breakpoint
CREATE TABLE `silences` (
	`id` integer PRIMARY KEY NOT NULL,
	`project_id` integer,
	`matcher` text NOT NULL,
	`reason` text,
	`by` text NOT NULL,
	`created_at` integer NOT NULL,
	`ends_at` integer NOT NULL,
	`ended_at` integer,
	`ended_by` text,
	`held` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `silences_open` ON `silences` (`ends_at`) WHERE ended_at is null;--> statement-breakpoint
ALTER TABLE `checks` ADD `lan` integer DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX `checks_host` ON `checks` (`host`,`project_id`) WHERE host is not null;--> statement-breakpoint
CREATE INDEX `checks_depends_on` ON `checks` (`project_id`,`depends_on`) WHERE depends_on is not null;--> statement-breakpoint
ALTER TABLE `alerts` ADD `role` text;--> statement-breakpoint
ALTER TABLE `alerts` ADD `held_why` text;--> statement-breakpoint
ALTER TABLE `alerts` ADD `held_until` integer;--> statement-breakpoint
ALTER TABLE `alerts` ADD `freed_at` integer;--> statement-breakpoint
ALTER TABLE `alerts` ADD `explains` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `alerts` ADD `changes` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `alerts` ADD `flapping_since` integer;--> statement-breakpoint
ALTER TABLE `alerts` ADD `calm_at` integer;--> statement-breakpoint
CREATE INDEX `alerts_held_until` ON `alerts` (`held_until`) WHERE held_until is not null and state <> 'resolved';--> statement-breakpoint
CREATE INDEX `alerts_freed` ON `alerts` (`project_id`,`freed_at`) WHERE freed_at is not null;--> statement-breakpoint
CREATE INDEX `alerts_calm` ON `alerts` (`calm_at`) WHERE calm_at is not null;--> statement-breakpoint
CREATE INDEX `alerts_role` ON `alerts` (`role`) WHERE role is not null and state <> 'resolved';