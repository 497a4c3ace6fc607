"""THE WORKSHOP of metrics: carriers of questions to gateways' counters."""
