"""What lies where inside a liver: Couinaud segments, portal vein and hepatic veins, from its mask and its vessels'."""
