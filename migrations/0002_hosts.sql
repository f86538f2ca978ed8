CREATE TABLE `coarse_samples` (
	`series` integer NOT NULL,
	`at` integer NOT NULL,
	`cpu` real,
	`memory` real,
	`memory_limit` real,
	`received` real,
	`sent` real,
	`read` real,
	`written` real,
	`restarts` real,
	`load` real,
	`used` real,
	`size` real,
	`cpu_max` real,
	`memory_max` real,
	PRIMARY KEY(`series`, `at`),
	FOREIGN KEY (`series`) REFERENCES `series`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `containers` (
	`host_id` integer NOT NULL,
	`name` text NOT NULL,
	`container_id` text NOT NULL,
	`image` text NOT NULL,
	`state` text NOT NULL,
	`health` text,
	`exit_code` integer,
	`oom_killed` integer DEFAULT false NOT NULL,
	`started_at` integer,
	`finished_at` integer,
	`restarts` integer DEFAULT 0 NOT NULL,
	`restart_count` integer DEFAULT 0 NOT NULL,
	`died_at` integer,
	`unhealthy_since` integer,
	`seen_at` integer NOT NULL,
	PRIMARY KEY(`host_id`, `name`),
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `follow_positions` (
	`host_id` integer NOT NULL,
	`container` text NOT NULL,
	`position` text NOT NULL,
	`pending` text,
	PRIMARY KEY(`host_id`, `container`),
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `follows` (
	`id` integer PRIMARY KEY NOT NULL,
	`host_id` integer NOT NULL,
	`pattern` text NOT NULL,
	`project_id` integer,
	`added_at` integer NOT NULL,
	`added_by` text NOT NULL,
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE set null
);
--> statement-breakpoint
CREATE UNIQUE INDEX `follows_pattern` ON `follows` (`host_id`,`pattern`);--> statement-breakpoint
CREATE TABLE `hosts` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`local` integer DEFAULT false NOT NULL,
	`address` text NOT NULL,
	`port` integer NOT NULL,
	`user` text NOT NULL,
	`tags` text DEFAULT '[]' NOT NULL,
	`project_id` integer,
	`auth` text NOT NULL,
	`secret_sealed` blob,
	`jump_id` integer,
	`host_key` text,
	`socket` text,
	`engine` text,
	`enabled` integer DEFAULT true NOT NULL,
	`status` text DEFAULT 'new' NOT NULL,
	`failures` integer DEFAULT 0 NOT NULL,
	`failing_since` integer,
	`error` text,
	`engine_error` text,
	`last_seen_at` integer,
	`added_at` integer NOT NULL,
	`added_by` text NOT NULL,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE set null
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hosts_name_unique` ON `hosts` (`name`);--> statement-breakpoint
CREATE TABLE `samples` (
	`series` integer NOT NULL,
	`at` integer NOT NULL,
	`cpu` real,
	`memory` real,
	`memory_limit` real,
	`received` real,
	`sent` real,
	`read` real,
	`written` real,
	`restarts` real,
	`load` real,
	`used` real,
	`size` real,
	`cpu_max` real,
	`memory_max` real,
	PRIMARY KEY(`series`, `at`),
	FOREIGN KEY (`series`) REFERENCES `series`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `series` (
	`id` integer PRIMARY KEY NOT NULL,
	`host_id` integer NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`seen_at` integer NOT NULL,
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `series_name` ON `series` (`host_id`,`kind`,`name`);