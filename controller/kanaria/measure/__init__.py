"""THE WORKSHOP for metrics: carriers of questions to gateways and metric servers."""
