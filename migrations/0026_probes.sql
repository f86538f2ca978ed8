CREATE TABLE `probe_days` (
	`check_id` integer NOT NULL,
	`day` integer NOT NULL,
	`up_ms` integer NOT NULL,
	`down_ms` integer NOT NULL,
	`succeeded` integer NOT NULL,
	`failed` integer NOT NULL,
	`p50` integer,
	`p95` integer,
	`maximum` integer,
	PRIMARY KEY(`check_id`, `day`),
	FOREIGN KEY (`check_id`) REFERENCES `checks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `probe_hours` (
	`check_id` integer NOT NULL,
	`hour` integer NOT NULL,
	`up_ms` integer NOT NULL,
	`down_ms` integer NOT NULL,
	`results` blob NOT NULL,
	PRIMARY KEY(`check_id`, `hour`),
	FOREIGN KEY (`check_id`) REFERENCES `checks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `probe_hours_hour` ON `probe_hours` (`hour`);--> statement-breakpoint
CREATE TABLE `probes` (
	`check_id` integer PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`target` text NOT NULL,
	`command` text,
	`expect_status` text,
	`expect` text DEFAULT '' NOT NULL,
	`method` text DEFAULT 'GET' NOT NULL,
	`header_names` text DEFAULT '' NOT NULL,
	`headers_sealed` blob,
	`timeout` integer NOT NULL,
	`insecure` integer DEFAULT false NOT NULL,
	`cert_days` integer NOT NULL,
	`reach` text NOT NULL,
	`changed_at` integer NOT NULL,
	`last_at` integer,
	`last_ok` integer,
	`last_message` text,
	`last_address` text,
	`certificate_ends_at` integer,
	FOREIGN KEY (`check_id`) REFERENCES `checks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
ALTER TABLE `checks` ADD `probed` integer DEFAULT false NOT NULL;