"""Kafka, through aiokafka: whoever imports that library is here."""
