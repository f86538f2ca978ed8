ALTER TABLE `watches` ADD `counted` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `watches` ADD `subject` text DEFAULT '' NOT NULL;