DROP INDEX `alerts_group`;--> statement-breakpoint
CREATE INDEX `alerts_group` ON `alerts` (`group_id`,`state`) WHERE group_id is not null;--> statement-breakpoint
ALTER TABLE `maintenances` ADD `days` integer DEFAULT 0 NOT NULL;