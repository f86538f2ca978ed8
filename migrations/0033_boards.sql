CREATE TABLE `boards` (
	`channel_id` text PRIMARY KEY NOT NULL,
	`project_id` integer,
	`ref` text,
	`nonce` text NOT NULL,
	`sent_at` integer,
	`is_pinned` integer DEFAULT false NOT NULL,
	`set_by` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
);
