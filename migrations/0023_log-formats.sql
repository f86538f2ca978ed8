CREATE TABLE `log_formats` (
	`project_id` integer NOT NULL,
	`name` text NOT NULL,
	`pattern` text NOT NULL,
	`added_by` text NOT NULL,
	`added_at` integer NOT NULL,
	PRIMARY KEY(`project_id`, `name`),
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
);
