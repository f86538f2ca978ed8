ALTER TABLE `alerts` ADD `labels` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE `alerts` ADD `held_by` text;--> statement-breakpoint
CREATE INDEX `alerts_held` ON `alerts` (`held_by`) WHERE held_by is not null and state <> 'resolved';