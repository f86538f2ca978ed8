ALTER TABLE `sources` ADD `time_zone` text;--> statement-breakpoint
ALTER TABLE `hosts` ADD `time_zone` text;--> statement-breakpoint
ALTER TABLE `projects` ADD `time_zone` text;