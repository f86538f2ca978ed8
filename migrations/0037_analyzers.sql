CREATE TABLE `analyzer_runs` (
	`analyzer_id` integer NOT NULL,
	`alert_id` integer NOT NULL,
	`started_at` integer NOT NULL,
	`ended_at` integer,
	`failure` text,
	`analysis_id` integer,
	PRIMARY KEY(`analyzer_id`, `alert_id`),
	FOREIGN KEY (`analyzer_id`) REFERENCES `analyzers`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`alert_id`) REFERENCES `alerts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `analyzer_runs_time` ON `analyzer_runs` (`started_at`);--> statement-breakpoint
CREATE TABLE `analyzers` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`file` text NOT NULL,
	`matcher` text DEFAULT '' NOT NULL,
	`project_id` integer,
	`timeout` integer NOT NULL,
	`created_at` integer NOT NULL,
	`created_by` text NOT NULL,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `analyzers_name_unique` ON `analyzers` (`name`);