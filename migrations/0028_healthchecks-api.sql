CREATE TABLE `check_details` (
	`check_id` integer PRIMARY KEY NOT NULL,
	`api_name` text NOT NULL,
	`for_name` text NOT NULL,
	`tags` text DEFAULT '' NOT NULL,
	`description` text DEFAULT '' NOT NULL,
	`start_keywords` text DEFAULT '' NOT NULL,
	`success_keywords` text DEFAULT '' NOT NULL,
	`failure_keywords` text DEFAULT '' NOT NULL,
	`filter_subject` integer DEFAULT false NOT NULL,
	`filter_body` integer DEFAULT false NOT NULL,
	`filter_http_body` integer DEFAULT false NOT NULL,
	`filter_default_fail` integer DEFAULT false NOT NULL,
	`channels` text,
	`push_token` text,
	FOREIGN KEY (`check_id`) REFERENCES `checks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `check_details_push_token` ON `check_details` (`push_token`);--> statement-breakpoint
CREATE TABLE `check_flips` (
	`id` integer PRIMARY KEY NOT NULL,
	`check_id` integer NOT NULL,
	`at` integer NOT NULL,
	`old_status` text NOT NULL,
	`new_status` text NOT NULL,
	FOREIGN KEY (`check_id`) REFERENCES `checks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `check_flips_check` ON `check_flips` (`check_id`,`id`);