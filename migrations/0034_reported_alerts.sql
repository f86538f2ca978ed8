CREATE TABLE `reported_alerts` (
	`alert_id` integer PRIMARY KEY NOT NULL,
	`reported_at` integer NOT NULL,
	`sent_at` integer,
	`silence_ms` integer,
	`due_at` integer,
	FOREIGN KEY (`alert_id`) REFERENCES `alerts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `reported_alerts_due` ON `reported_alerts` (`due_at`) WHERE due_at is not null;