CREATE TABLE `status_components` (
	`id` integer PRIMARY KEY NOT NULL,
	`page_id` integer NOT NULL,
	`check_id` integer NOT NULL,
	`position` integer NOT NULL,
	`section` text NOT NULL,
	`name` text NOT NULL,
	`slug` text NOT NULL,
	FOREIGN KEY (`page_id`) REFERENCES `status_pages`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`check_id`) REFERENCES `checks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `status_components_slug` ON `status_components` (`page_id`,`slug`);--> statement-breakpoint
CREATE INDEX `status_components_check` ON `status_components` (`check_id`);--> statement-breakpoint
CREATE TABLE `status_pages` (
	`id` integer PRIMARY KEY NOT NULL,
	`slug` text NOT NULL,
	`project_id` integer,
	`title` text NOT NULL,
	`about` text DEFAULT '' NOT NULL,
	`when_down` text NOT NULL,
	`message` text,
	`message_at` integer,
	`created_at` integer NOT NULL,
	`created_by` text NOT NULL,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `status_pages_slug_unique` ON `status_pages` (`slug`);