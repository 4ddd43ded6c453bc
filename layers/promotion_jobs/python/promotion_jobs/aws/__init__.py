"""What AWS takes and gives: the table, the queue, the files and the bus, and none of this service's rules."""
