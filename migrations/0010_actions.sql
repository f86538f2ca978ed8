CREATE TABLE `action_requests` (
	`id` integer PRIMARY KEY NOT NULL,
	`action_id` integer NOT NULL,
	`changed_at` integer NOT NULL,
	`host_id` integer NOT NULL,
	`container` text NOT NULL,
	`alert_id` integer,
	`asked_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`platform` text NOT NULL,
	`actor_id` text NOT NULL,
	`actor_name` text NOT NULL,
	`settled_at` integer,
	FOREIGN KEY (`action_id`) REFERENCES `actions`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`alert_id`) REFERENCES `alerts`(`id`) ON UPDATE no action ON DELETE set null
);
--> statement-breakpoint
CREATE TABLE `action_runs` (
	`id` integer PRIMARY KEY NOT NULL,
	`action_id` integer,
	`name` text NOT NULL,
	`host_id` integer,
	`host` text NOT NULL,
	`container` text NOT NULL,
	`command` text NOT NULL,
	`alert_id` integer,
	`started_at` integer NOT NULL,
	`started_by` text NOT NULL,
	`confirmed_by` text,
	`automatic` integer DEFAULT false NOT NULL,
	`ended_at` integer,
	`outcome` text,
	`exit_status` integer,
	`problem` text,
	`head` text DEFAULT '' NOT NULL,
	`tail` text DEFAULT '' NOT NULL,
	`left` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`action_id`) REFERENCES `actions`(`id`) ON UPDATE no action ON DELETE set null,
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE set null,
	FOREIGN KEY (`alert_id`) REFERENCES `alerts`(`id`) ON UPDATE no action ON DELETE set null
);
--> statement-breakpoint
CREATE UNIQUE INDEX `action_runs_under_way` ON `action_runs` (`action_id`,`host_id`,`container`) WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX `action_runs_alert` ON `action_runs` (`alert_id`,`id`);--> statement-breakpoint
CREATE INDEX `action_runs_action` ON `action_runs` (`action_id`,`started_at`);--> statement-breakpoint
CREATE INDEX `action_runs_started` ON `action_runs` (`started_at`);--> statement-breakpoint
CREATE TABLE `actions` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`host` text NOT NULL,
	`container` text DEFAULT '' NOT NULL,
	`command` text NOT NULL,
	`matcher` text,
	`role` text DEFAULT 'responder' NOT NULL,
	`second_person` integer DEFAULT false NOT NULL,
	`time_limit` integer NOT NULL,
	`automatic` integer DEFAULT false NOT NULL,
	`per_hour` integer DEFAULT 1 NOT NULL,
	`cool_down` integer NOT NULL,
	`added_at` integer NOT NULL,
	`added_by` text NOT NULL,
	`changed_at` integer NOT NULL,
	`changed_by` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `actions_name_unique` ON `actions` (`name`);--> statement-breakpoint
CREATE TABLE `remote_logs` (
	`id` integer PRIMARY KEY NOT NULL,
	`host_id` integer NOT NULL,
	`kind` text NOT NULL,
	`target` text NOT NULL,
	`source` text NOT NULL,
	`project_id` integer,
	`every` integer NOT NULL,
	`position` text,
	`pending` text,
	`batches` integer DEFAULT 0 NOT NULL,
	`lines` integer DEFAULT 0 NOT NULL,
	`fetched_at` integer,
	`due_at` integer NOT NULL,
	`error` text,
	`added_at` integer NOT NULL,
	`added_by` text NOT NULL,
	FOREIGN KEY (`host_id`) REFERENCES `hosts`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `remote_logs_target` ON `remote_logs` (`host_id`,`kind`,`target`);--> statement-breakpoint
CREATE INDEX `remote_logs_due` ON `remote_logs` (`due_at`);