ALTER TABLE `alerts` ADD `group_key` text;--> statement-breakpoint
ALTER TABLE `alerts` ADD `group_id` integer;--> statement-breakpoint
CREATE INDEX `alerts_group` ON `alerts` (`group_id`) WHERE group_id is not null;--> statement-breakpoint
CREATE INDEX `alerts_group_key` ON `alerts` (`group_key`,`project_id`) WHERE group_key is not null and state <> 'resolved';--> statement-breakpoint
ALTER TABLE `checks` ADD `alert_title` text;--> statement-breakpoint
ALTER TABLE `checks` ADD `alert_note` text;--> statement-breakpoint
ALTER TABLE `routes` ADD `group_by` text;--> statement-breakpoint
ALTER TABLE `routes` ADD `ungrouped` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `rules` ADD `group_by` text;