"""Cases from found to gone: workflows, limits, deadlines, bills, and who answers for what. Knows no database."""
