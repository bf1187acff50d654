"""CAP in core: from approved warnings to signed documents, and from BMKG's nowcasts to what officers see."""
