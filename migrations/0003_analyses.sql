CREATE TABLE `analyses` (
	`id` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`kind` text NOT NULL,
	`subject` text NOT NULL,
	`question` text,
	`alert_id` integer,
	`project_id` integer,
	`parent_id` integer,
	`asked_by` text NOT NULL,
	`automatic` integer DEFAULT false NOT NULL,
	`digest` text NOT NULL,
	`outcome` text NOT NULL,
	`headline` text NOT NULL,
	`model` text,
	`cost` integer DEFAULT 0 NOT NULL,
	`verdict` text,
	`why` text,
	`pack` text,
	FOREIGN KEY (`alert_id`) REFERENCES `alerts`(`id`) ON UPDATE no action ON DELETE set null,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE set null
);
--> statement-breakpoint
CREATE INDEX `analyses_digest` ON `analyses` (`digest`);--> statement-breakpoint
CREATE INDEX `analyses_alert` ON `analyses` (`alert_id`) WHERE alert_id is not null;--> statement-breakpoint
CREATE INDEX `analyses_pack` ON `analyses` (`at`) WHERE pack is not null;--> statement-breakpoint
CREATE TABLE `automatic_analyses` (
	`project_id` integer PRIMARY KEY NOT NULL,
	`by` text NOT NULL,
	`at` integer NOT NULL,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `spendings` (
	`id` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`person` text NOT NULL,
	`model` text NOT NULL,
	`reserved` integer NOT NULL,
	`spent` integer,
	`input_tokens` integer,
	`output_tokens` integer
);
--> statement-breakpoint
CREATE INDEX `spendings_at` ON `spendings` (`at`);--> statement-breakpoint
CREATE INDEX `spendings_person` ON `spendings` (`person`,`at`);